import { useRef, useState } from 'preact/hooks';
import { MAX_AUDIO_S, MIN_AUDIO_S } from '../../../src/contracts/media-limits.ts';
import { toAccept } from '../../../src/contracts/media-types.ts';
import { isSilent } from '../../media/decode-voice.ts';
import { type Recorder, startRecorder } from '../../media/recorder.ts';
import { takeVoice, voice, voiceFault } from '../../state/draft.ts';
import { info } from '../../state/info.ts';
import { strings } from '../../strings/strings.ts';
import { announce } from '../../ui/announcer.tsx';
import { useFileDrop } from '../../ui/file-drop.ts';
import { Icon } from '../../ui/icon.tsx';
import { LevelMeter } from './level-meter.tsx';
import { VoiceTrim } from './voice-trim.tsx';

export async function offerVoice(file: File | undefined): Promise<void> {
  if (!file) {
    return;
  }
  const t = strings.value.create.voice;
  const most = info.value.limits.audio_bytes;
  if (
    !/^(audio|video)\//.test(file.type) &&
    !/\.(wav|mp3|m4a|aac|flac|og[ga]|opus|webm|mp4)$/i.test(file.name)
  ) {
    voiceFault.value = t.notVoice(file.name);
  } else if (file.size > most) {
    voiceFault.value = t.tooLarge(Math.floor(most / 1e6));
  } else if (file.size === 0) {
    voiceFault.value = t.empty(file.name);
  } else if (await takeVoice(file, file.name)) {
    announce(file.name);
    return;
  } else {
    voiceFault.value = t.notVoice(file.name);
  }
  announce(voiceFault.value);
}

export function VoicePanel() {
  const t = strings.value.create.voice;
  const input = useRef<HTMLInputElement>(null);
  const [recorder, setRecorder] = useState<Recorder>();
  const { isOver, handlers } = useFileDrop((files) => void offerVoice(files[0]));
  const choose = () => input.current?.click();

  const record = async () => {
    voiceFault.value = undefined;
    if (!navigator.mediaDevices) {
      voiceFault.value = t.insecure;
      return;
    }
    try {
      setRecorder(await startRecorder());
      announce(t.recording);
    } catch {
      voiceFault.value = t.noMicrophone;
    }
  };
  const stop = async () => {
    const recording = recorder && (await recorder.stop());
    setRecorder(undefined);
    if (recording) {
      await takeVoice(recording, t.recorded);
    }
  };

  const { decoded, fromS, toS, isUndecodable } = voice.value ?? {};
  return (
    <section class="card panel" aria-labelledby="voice-title" {...handlers}>
      <div class="panel-head">
        <h2 id="voice-title">{t.title}</h2>
        {voice.value && !recorder && (
          <button type="button" class="link small" onClick={choose}>
            {t.replace}
          </button>
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
      {recorder ? (
        <LevelMeter recorder={recorder} onStop={stop} />
      ) : voice.value ? (
        <VoiceTrim voice={voice.value} />
      ) : (
        <div class={`drop voice-drop ${isOver ? 'over' : ''}`}>
          <div class="actions">
            <button type="button" class="button" onClick={record}>
              <Icon name="mic" />
              {t.record}
            </button>
          </div>
          <span class="muted">
            {t.drop}{' '}
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
  return (
    <p class="notice bad">
      <Icon name="warn" />
      {text}
    </p>
  );
}
