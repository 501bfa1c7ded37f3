import { Icon } from '../parts/Icon.js';
import { Link } from '../parts/Link.js';
import { PathPicture } from '../parts/PathPicture.js';

export function Home() {
  return (
    <>
      <div className="hero">
        <h1 tabIndex={-1}>Your face opens the door. Your photo stays home.</h1>
        <p className="lead">
          XNN-d recognises you from features your own device computes and covers with fresh noise; the picture never
          leaves your browser.
        </p>
        <div className="row">
          <Link to="enrol" className="button primary">
            <Icon name="enrol" />
            <span>Enrol your face</span>
          </Link>
          <Link to="verify" className="button plain">
            <Icon name="verify" />
            <span>Verify it</span>
          </Link>
        </div>
      </div>
      <PathPicture />
      <section className="small-print" aria-labelledby="small-print">
        <h2 id="small-print">The small print, in large print</h2>
        <div className="columns">
          <div className="card">
            <h3>
              <Icon name="cross" /> What the cloud does not get
            </h3>
            <ul>
              <li>Your picture, or any part of it. No image is ever sent.</li>
              <li>The clean features. The app cannot even put them into a message.</li>
              <li>Twice the same message: the noise is drawn anew each time, from a cryptographic source.</li>
            </ul>
          </div>
          <div className="card">
            <h3>
              <Icon name="check" /> What the cloud can do
            </h3>
            <ul>
              <li>Recognise people in its own gallery. That is its purpose.</li>
              <li>See which name is asked for, when, and from where.</li>
              <li>
                With its own network and photos of other people, match those photos to messages. Noise makes this
                dearer, not impossible.
              </li>
              <li>
                Train a network that paints a blurred likeness from messages. How good it gets is not yet measured.
              </li>
            </ul>
          </div>
        </div>
        <p className="small-print-end">
          You can have everything that is stored about you deleted at any time: <Link to="forget">forget me</Link>.
        </p>
      </section>
    </>
  );
}
