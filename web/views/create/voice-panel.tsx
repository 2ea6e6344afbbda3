import { useEffect, useRef } from 'preact/hooks';
import { MAX_AUDIO_S, MIN_AUDIO_S } from '../../../src/contracts/media-limits.ts';
import { toAccept } from '../../../src/contracts/media-types.ts';
import { isSilent } from '../../media/decode-voice.ts';
import { voice, voiceFault } from '../../state/draft.ts';
import { leaveRecorder, openRecorder, recording } from '../../state/recording.ts';
import { strings } from '../../strings/strings.ts';
import { Icon } from '../../ui/icon.tsx';
import { draggedOver, mayLoseVoice, offerVoice } from './offered-files.ts';
import { RecorderPanel } from './recorder-panel.tsx';
import { VoiceTrim } from './voice-trim.tsx';

async function recordAgain(): Promise<void> {
  if (await mayLoseVoice()) await openRecorder();
}

export function VoicePanel() {
  const t = strings.value.create.voice;
  const input = useRef<HTMLInputElement>(null);
  const choose = () => input.current?.click();
  useEffect(() => () => void leaveRecorder(), []);
  const { decoded, fromS, toS, isUndecodable } = voice.value ?? {};
  const isOver = draggedOver.value === 'voice' ? 'over' : '';
  return (
    <section class={`card panel voice-panel ${isOver}`} aria-labelledby="voice-title" data-drop="voice">
      <div class="panel-head">
        <h2 id="voice-title">{t.title}</h2>
        {voice.value && !recording.value && (
          <span class="links small">
            <button type="button" class="link" onClick={recordAgain}>
              {t.recordAgain}
            </button>
            <button type="button" class="link" onClick={choose}>
              {t.replace}
            </button>
          </span>
        )}
      </div>
      <input
        ref={input}
        type="file"
        hidden
        accept={toAccept('recording')}
        data-test="voice-file"
        onChange={({ currentTarget }) => {
          void offerVoice(currentTarget.files?.[0]);
          currentTarget.value = '';
        }}
      />
      {recording.value ? (
        <RecorderPanel recording={recording.value} />
      ) : voice.value ? (
        <VoiceTrim voice={voice.value} />
      ) : (
        <div class={`drop voice-drop ${isOver}`}>
          <div class="actions">
            <button type="button" class="button" onClick={openRecorder}>
              <Icon name="mic" />
              {t.record}
            </button>
          </div>
          <span class="muted">
            <span class="with-mouse">{t.drop} </span>
            <button type="button" class="link" onClick={choose}>
              {t.choose}
            </button>
          </span>
          <span class="muted small">{t.hint}</span>
        </div>
      )}
      {voiceFault.value && <Fault text={voiceFault.value} />}
      {decoded && isSilent(decoded) && <Fault text={t.silent} />}
      {decoded && toS! - fromS! > MAX_AUDIO_S && <Fault text={t.tooLong} />}
      {decoded && decoded.durationS < MIN_AUDIO_S && <Fault text={t.tooShort} />}
      {isUndecodable && <p class="muted small">{t.undecodable}</p>}
    </section>
  );
}

function Fault({ text }: { text: string }) {
  const notice = useRef<HTMLParagraphElement>(null);
  useEffect(() => notice.current?.scrollIntoView({ block: 'nearest' }), [text]);
  return (
    <p ref={notice} class="notice bad">
      <Icon name="warn" />
      {text}
    </p>
  );
}
