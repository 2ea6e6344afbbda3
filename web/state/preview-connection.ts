import { useEffect, useState } from 'preact/hooks';

const LOCK = 'limelight.preview';

/**
 * Whether this tab may load a live preview. Each preview holds a connection until the video is ready, and a browser has six
 * for a server. So the tab that was shown last has the preview, or every visible tab in browsers without Web Locks.
 */
export function usePreviewConnection(isWanted: boolean): boolean {
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (!isWanted) {
      return;
    }
    let release = () => {};
    let isOver = false;
    const take = () => {
      if (isOver || document.hidden) return;
      release();
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      setHeld(true);
      navigator.locks?.request(LOCK, { steal: true }, () => held).catch(() => setHeld(false));
    };
    const leave = () => {
      if (!navigator.locks && document.hidden) setHeld(false);
      else take();
    };
    take();
    document.addEventListener('visibilitychange', leave);
    return () => {
      isOver = true;
      document.removeEventListener('visibilitychange', leave);
      release();
      setHeld(false);
    };
  }, [isWanted]);
  return isHeld;
}
