import { useEffect, useMemo, useState } from 'preact/hooks';

/** An address for what the browser holds, for as long as it is shown. */
export function useObjectUrl(blob: Blob | undefined): string | undefined {
  // What a browser's store gives back after an update of it may be no blob any more.
  const url = useMemo(() => (blob instanceof Blob ? URL.createObjectURL(blob) : undefined), [blob]);
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);
  return url;
}

/** The time, drawn again every `everyMs` while `isRunning`. */
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

/** What `read` answers, now and every `everyMs`, while the page is looked at. */
export function usePolled<T>(read: () => Promise<T>, everyMs: number, deps: unknown[] = []): T | undefined {
  const [value, setValue] = useState<T>();
  useEffect(() => {
    let isOn = true;
    let timer: ReturnType<typeof setTimeout>;
    const poll = async () => {
      if (!document.hidden) {
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
