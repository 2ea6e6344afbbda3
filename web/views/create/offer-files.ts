import { useEffect } from 'preact/hooks';
import { offerPhoto } from './photo-panel.tsx';
import { offerVoice } from './voice-panel.tsx';

/** Each file to the panel of its kind, whichever it came to. */
function offerFiles(files: Iterable<File>): void {
  for (const file of files) {
    if (/^(audio|video)\//.test(file.type)) void offerVoice(file);
    else void offerPhoto(file);
  }
}

/** Files that are pasted, or dropped anywhere on the page: what a browser would do is leave the page and show the file. */
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
