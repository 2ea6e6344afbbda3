import { useEffect, useRef, useState } from 'preact/hooks';
import samplePhoto from '../../../samples/portrait.jpg?url';
import sampleVoice from '../../../samples/voice.wav?url';
import {
  backgroundImage,
  clearDraft,
  fields,
  hasConsent,
  isComplete,
  isEmpty,
  photo,
  setBackgroundImage,
  setConsent,
  setField,
  takePhoto,
  takeVoice,
  toSubmission,
  voice,
} from '../../state/draft.ts';
import { info } from '../../state/info.ts';
import { stopPreview } from '../../state/photo-preview.ts';
import { recording } from '../../state/recording.ts';
import { go } from '../../state/route.ts';
import { submit } from '../../state/submissions.ts';
import { strings } from '../../strings/strings.ts';
import { BackgroundChooser } from '../../ui/background-chooser.tsx';
import { useObjectUrl } from '../../ui/hooks.ts';
import { Icon } from '../../ui/icon.tsx';
import { SizeChoice } from '../../ui/size-choice.tsx';
import { CodeDialog } from './code-dialog.tsx';
import { draggedOver, mayLoseVoice, notTaken } from './offered-files.ts';
import { OptionsPanel } from './options-panel.tsx';
import { PhotoPanel } from './photo-panel.tsx';
import { VoicePanel } from './voice-panel.tsx';

async function takeSample(): Promise<void> {
  if (!(await mayLoseVoice())) {
    return;
  }
  const load = async (url: string) => (await fetch(url)).blob();
  await Promise.all([
    load(samplePhoto).then((file) => takePhoto(file, 'portrait.jpg')),
    load(sampleVoice).then((file) => takeVoice(file, 'voice.wav')),
  ]);
}

async function startOver(): Promise<void> {
  if (await mayLoseVoice()) {
    clearDraft();
    notTaken.value = [];
  }
}

/** Submits the draft and shows its task. The draft stays, for the Back button and for another try. */
function start(): void {
  const submission = toSubmission();
  if (submission) {
    stopPreview();
    void submit(submission);
    if (voice.value) voice.value = { ...voice.value, isSubmitted: true };
    go({ view: 'video', taskId: submission.taskId });
  }
}

export function CreateView() {
  const t = strings.value.create;
  const photoUrl = useObjectUrl(photo.value?.picture && (photo.value.shown ?? photo.value.file));
  const [showsCode, setShowsCode] = useState(false);
  const missing = !photo.value ? (voice.value ? t.needPhoto : t.needBoth) : t.needVoice;
  const needsImage = fields.value.background === 'image' && !backgroundImage.value;
  const needsConsent = info.value.consent.required && !hasConsent.value;
  const isReady = isComplete.value && !needsImage && !recording.value && !needsConsent;
  return (
    <div class={`create ${draggedOver.value ? 'dragging' : ''}`}>
      <div class="hero">
        <div>
          <h1>{t.title}</h1>
          <p>{t.lead}</p>
        </div>
        <div class="actions">
          {!isEmpty.value && (
            <button type="button" class="button quiet" onClick={startOver}>
              {t.startOver}
            </button>
          )}
          <button type="button" class="button" data-test="sample" onClick={takeSample}>
            {t.useSample}
          </button>
        </div>
      </div>
      <NotTaken />
      <div class="studio">
        <PhotoPanel />
        <div class="side">
          <VoicePanel />
          <section class="card panel" aria-labelledby="background-title" data-drop="background">
            <h2 id="background-title">{t.background.title}</h2>
            <BackgroundChooser
              name="background"
              value={fields.value.background}
              photoUrl={photoUrl}
              image={backgroundImage.value}
              onChoose={(background) => setField('background', background)}
              onImage={setBackgroundImage}
            />
          </section>
          <SizeChoice
            provider={fields.value.provider}
            voiceS={voice.value?.decoded && voice.value.toS - voice.value.fromS}
            value={fields.value.long_side_px}
            onChoose={(longSidePx) => setField('long_side_px', longSidePx)}
          />
          <OptionsPanel />
          <div class="submit">
            <label class="check small">
              <input
                type="checkbox"
                checked={hasConsent.value}
                disabled={!isComplete.value}
                onChange={({ currentTarget }) => setConsent(currentTarget.checked)}
              />
              {t.consent.text}
            </label>
            <div class="submit-line">
              <button
                type="button"
                class="button main big"
                data-test="submit"
                aria-disabled={!isReady}
                onClick={() => isReady && start()}
              >
                {!isComplete.value
                  ? missing
                  : recording.value
                    ? t.needStop
                    : needsImage
                      ? t.needImage
                      : needsConsent
                        ? t.needConsent
                        : t.submit}
              </button>
              <button
                type="button"
                class="button big"
                aria-disabled={!isReady}
                onClick={() => isReady && setShowsCode(true)}
              >
                {t.code.open}
              </button>
            </div>
          </div>
        </div>
      </div>
      {showsCode && <CodeDialog onClose={() => setShowsCode(false)} />}
    </div>
  );
}

/** What was dropped or pasted and not used. */
function NotTaken() {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => list.current?.scrollIntoView({ block: 'nearest' }), [notTaken.value]);
  if (notTaken.value.length === 0) {
    return null;
  }
  return (
    <div ref={list} class="notice not-taken">
      <Icon name="warn" />
      <ul>
        {notTaken.value.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <button
        type="button"
        class="round"
        aria-label={strings.value.create.notTaken.close}
        onClick={() => {
          notTaken.value = [];
        }}
      >
        <Icon name="cross" />
      </button>
    </div>
  );
}
