import { useEffect, useMemo, useState } from 'preact/hooks';

/** An object URL for the blob, revoked when the component unmounts. */
export function useObjectUrl(blob: Blob | undefined): string | undefined {
  // After a browser update, its storage may return something other than a blob.
  const url = useMemo(() => (blob instanceof Blob ? URL.createObjectURL(blob) : undefined), [blob]);
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);
  return url;
}

/** The current time, updated every `everyMs` while `isRunning`. */
export function useNow(isRunning: boolean, everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isRunning) {
      return;
    }
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [isRunning, everyMs]);
  return isRunning ? now : Date.now();
}

/**
 * The latest result of `read`, which is called now and every `everyMs` while the page is visible.
 * @param whileHidden whether to call it in the background too, where browsers slow it down to once a minute.
 */
export function usePolled<T>(
  read: () => Promise<T>,
  everyMs: number,
  deps: unknown[] = [],
  whileHidden = false,
): T | undefined {
  const [value, setValue] = useState<T>();
  useEffect(() => {
    let isOn = true;
    let timer: ReturnType<typeof setTimeout>;
    const poll = async () => {
      if (whileHidden || !document.hidden) {
        const answer = await read();
        if (isOn && answer !== undefined) {
          setValue(answer);
        }
      }
      if (isOn) {
        timer = setTimeout(poll, everyMs);
      }
    };
    void poll();
    return () => {
      isOn = false;
      clearTimeout(timer);
    };
  }, deps);
  return value;
}
