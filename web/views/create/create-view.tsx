import { useEffect } from 'preact/hooks';
import samplePhoto from '../../../samples/portrait.jpg?url';
import sampleVoice from '../../../samples/voice.wav?url';
import {
  backgroundImage,
  clearDraft,
  fields,
  isComplete,
  photo,
  setField,
  takePhoto,
  takeVoice,
  toSubmission,
  voice,
} from '../../state/draft.ts';
import { go } from '../../state/route.ts';
import { submit } from '../../state/tasks.ts';
import { strings } from '../../strings/strings.ts';
import { BackgroundChooser } from '../../ui/background-chooser.tsx';
import { useObjectUrl } from '../../ui/hooks.ts';
import { OptionsPanel } from './options-panel.tsx';
import { offerPhoto, PhotoPanel } from './photo-panel.tsx';
import { offerVoice, VoicePanel } from './voice-panel.tsx';

async function takeSample(): Promise<void> {
  const load = async (url: string) => (await fetch(url)).blob();
  await Promise.all([
    load(samplePhoto).then((file) => takePhoto(file, 'portrait.jpg')),
    load(sampleVoice).then((file) => takeVoice(file, 'voice.wav')),
  ]);
}

function start(): void {
  const submission = toSubmission();
  if (submission) {
    void submit(submission);
    clearDraft();
    go({ view: 'video', taskId: submission.taskId });
  }
}

export function CreateView() {
  const t = strings.value.create;
  useOfferedFiles();
  const photoUrl = useObjectUrl(photo.value?.picture && photo.value.file);
  const missing = !photo.value ? (voice.value ? t.needPhoto : t.needBoth) : t.needVoice;
  return (
    <div class="create">
      <div class="hero">
        <div>
          <h1>{t.title}</h1>
          <p>{t.lead}</p>
        </div>
        <button type="button" class="button" data-test="sample" onClick={takeSample}>
          {t.useSample}
        </button>
      </div>
      <div class="studio">
        <PhotoPanel />
        <div class="side">
          <VoicePanel />
          <section class="card panel" aria-labelledby="background-title">
            <h2 id="background-title">{t.background.title}</h2>
            <BackgroundChooser
              name="background"
              value={fields.value.background}
              photoUrl={photoUrl}
              image={backgroundImage.value}
              onChoose={(background) => setField('background', background)}
              onImage={(image) => {
                backgroundImage.value = image;
                setField('background', 'image');
              }}
            />
          </section>
          <OptionsPanel />
          <div class="submit">
            <button
              type="button"
              class="button main big"
              data-test="submit"
              aria-disabled={
                !isComplete.value || (fields.value.background === 'image' && !backgroundImage.value)
              }
              onClick={() => isComplete.value && start()}
            >
              {isComplete.value ? t.submit : missing}
            </button>
            <p class="muted small">{t.consent}</p>
          </div>
        </div>
      </div>
    </div>
  );
}

/** Passes each file to the panel for its type. */
function offerFiles(files: Iterable<File>): void {
  for (const file of files) {
    if (/^(audio|video)\//.test(file.type)) void offerVoice(file);
    else void offerPhoto(file);
  }
}

/** Accepts files that are pasted or dropped anywhere. Without this, the browser would leave the page and open a dropped file. */
function useOfferedFiles(): void {
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
