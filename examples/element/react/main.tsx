import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { XnnFaceLogin } from 'xnn-face/react';

function App() {
  const [subject, setSubject] = useState('');
  const [answer, setAnswer] = useState('');
  return (
    <>
      <h1>React</h1>
      <p>
        <label>
          Your name <input value={subject} onChange={({ target }) => setSubject(target.value)} />
        </label>
      </p>
      <XnnFaceLogin
        endpoint="http://localhost:8080"
        subject={subject}
        onVerified={({ detail }) => setAnswer(`Welcome, ${detail.subject}.`)}
        onRefused={() => setAnswer('Not you.')}
        onError={({ detail }) => setAnswer(detail.message)}
      />
      <p role="status">{answer}</p>
    </>
  );
}

createRoot(document.querySelector('#app')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
