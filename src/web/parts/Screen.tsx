import type { ReactNode, RefObject } from 'react';

interface ScreenProps {
  stream: MediaStream;
  video: RefObject<HTMLVideoElement | null>;
  /** One thing to do, shown and spoken. */
  hint: string;
  /** Part of a countdown that is over, in [0, 1]; null without one. */
  counted: number | null;
  children: ReactNode;
}

/** Numbers of a countdown. */
const COUNTS = 3;

/** The live picture, mirrored as in a mirror unless the camera looks away from who holds it, with one hint at a time. */
export function Screen({ stream, video, hint, counted, children }: ScreenProps) {
  return (
    <div className="viewport">
      <video ref={video} className={isMirrored(stream) ? 'mirrored' : ''} autoPlay playsInline muted />
      {children}
      {counted !== null && counted < 1 && (
        <span className="countdown" aria-hidden="true">
          {Math.ceil(COUNTS * (1 - counted))}
        </span>
      )}
      <p className="hint" role="status">
        {hint}
      </p>
    </div>
  );
}

export function isMirrored(stream: MediaStream): boolean {
  return stream.getVideoTracks()[0]?.getSettings().facingMode !== 'environment';
}
