import { useEffect, useRef } from 'react';

/** For a video element that shows a stream, and comes into view with it. */
export function useVideo(stream: MediaStream) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (!video.current) return;
    video.current.srcObject = stream;
    video.current.scrollIntoView({ block: 'center' });
  }, [stream]);
  return video;
}
