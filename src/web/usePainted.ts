import { startTransition, useEffect, useState } from 'react';

/** False until the browser has painted what was rendered first; what follows then gets a frame of its own. */
export function usePainted(): boolean {
  const [painted, setPainted] = useState(false);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    // A frame's callbacks come before its painting, a new task after it.
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => startTransition(() => setPainted(true)));
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, []);

  return painted;
}
