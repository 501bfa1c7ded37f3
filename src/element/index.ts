import { XnnFaceLogin } from './xnn-face-login.js';

export type * from './events.js';
export { XnnFaceLogin };

// Two copies of the script may come together in one page; the first stays.
if (!customElements.get('xnn-face-login')) customElements.define('xnn-face-login', XnnFaceLogin);
