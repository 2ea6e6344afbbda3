import { useEffect } from 'preact/hooks';
import { offerPhoto } from './photo-panel.tsx';
import { offerVoice } from './voice-panel.tsx';

/** Passes each file to the panel for its type. */
function offerFiles(files: Iterable<File>): void {
  for (const file of files) {
    if (/^(audio|video)\//.test(file.type)) void offerVoice(file);
    else void offerPhoto(file);
  }
}

/** Accepts files that are pasted or dropped anywhere. Without this, the browser would leave the page and open a dropped file. */
export function useOfferedFiles(): void {
  useEffect(() => {
    const listening = new AbortController();
    const { signal } = listening;
    addEventListener('paste', ({ clipboardData }) => offerFiles(clipboardData?.files ?? []), { signal });
    addEventListener('dragover', (event) => event.preventDefault(), { signal });
    addEventListener(
      'drop',
      (event) => {
        event.preventDefault();
        offerFiles(event.dataTransfer?.files ?? []);
      },
      { signal },
    );
    return () => listening.abort();
  }, []);
}
