import { createComponent, type EventName } from '@lit/react';
import * as react from 'react';
import { XnnFaceLogin as Element, type XnnFaceLoginEvents } from './index.js';

export type * from './events.js';

const event = <Type extends keyof XnnFaceLoginEvents>(type: Type) => type as EventName<XnnFaceLoginEvents[Type]>;

/** `<xnn-face-login>` with its properties as props and its events as callbacks. */
export const XnnFaceLogin = createComponent({
  tagName: 'xnn-face-login',
  elementClass: Element,
  react,
  displayName: 'XnnFaceLogin',
  events: {
    onReady: event('xnn-ready'),
    onProgress: event('xnn-progress'),
    onVerified: event('xnn-verified'),
    onEnrolled: event('xnn-enrolled'),
    onRefused: event('xnn-refused'),
    onError: event('xnn-error'),
  },
});
