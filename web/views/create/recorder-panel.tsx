import { useEffect, useRef, useState } from 'preact/hooks';
import { MAX_AUDIO_S } from '../../../src/contracts/media-limits.ts';
import type { Microphone } from '../../media/recorder.ts';
import {
  chooseMicrophone,
  closeRecorder,
  microphones,
  type Recording,
  startRecording,
  stopRecording,
} from '../../state/recording.ts';
import { formatClock } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { Icon } from '../../ui/icon.tsx';

const BARS = 48;
const BAR_MS = 60;
/** Speech is at least this loud. */
const SPEECH_LEVEL = 0.35;
const QUIET_AFTER_MS = 3_000;
const ENDS_SOON_S = 60;

/** Checks the level of the microphone, counts down, and records. The main button of each phase gets the focus. */
export function RecorderPanel({ recording }: { recording: Recording }) {
  const t = strings.value.create.voice;
  const { microphone, phase, secondsLeft, startedAt = 0 } = recording;
  const main = useRef<HTMLButtonElement>(null);
  useEffect(() => main.current?.focus(), [phase]);
  const { levels, isQuiet } = useLevels(microphone);
  const seconds = (Date.now() - startedAt) / 1000;
  return (
    <div class={`recorder ${phase}`}>
      <meter class="unseen" aria-label={t.level} min={0} max={1} value={levels.at(-1)} />
      <div class="meter" aria-hidden="true">
        {levels.map((level, index) => (
          <i key={index} style={{ blockSize: `${6 + level * 90}%` }} />
        ))}
        {phase === 'countdown' && <strong class="count-in number">{secondsLeft}</strong>}
      </div>
      <div class="voice-line">
        {phase === 'check' && (
          <button ref={main} type="button" class="button main" onClick={startRecording}>
            <span class="record-dot" />
            {t.start}
          </button>
        )}
        {phase === 'recording' ? (
          <>
            <button ref={main} type="button" class="button main" onClick={stopRecording}>
              <span class="record-dot" />
              {t.stop}
            </button>
            <span class="number">{formatClock(seconds)}</span>
          </>
        ) : (
          <button
            ref={phase === 'countdown' ? main : undefined}
            type="button"
            class="button"
            onClick={closeRecorder}
          >
            {t.cancel}
          </button>
        )}
        <span class="wait muted small">
          {isQuiet ? (
            <>
              <Icon name="warn" size={18} />
              {t.quiet}
            </>
          ) : phase === 'countdown' ? (
            t.getReady
          ) : phase === 'check' ? (
            t.check
          ) : (
            seconds > MAX_AUDIO_S - ENDS_SOON_S && t.maxLength
          )}
        </span>
      </div>
      {phase === 'check' && microphones.value.length > 0 && (
        <label class="field">
          <span>{t.device}</span>
          <select
            value={microphone.deviceId}
            onChange={({ currentTarget }) => chooseMicrophone(currentTarget.value)}
          >
            {microphones.value.map(({ deviceId, label }) => (
              <option key={deviceId} value={deviceId} selected={deviceId === microphone.deviceId}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

/** The live level of a microphone, newest at the end, and whether it has been quiet for some time. */
function useLevels(microphone: Microphone): { levels: number[]; isQuiet: boolean } {
  const [levels, setLevels] = useState<number[]>(() => new Array(BARS).fill(0));
  const heardAt = useRef(Date.now());
  useEffect(() => {
    heardAt.current = Date.now();
    const timer = setInterval(() => {
      const level = microphone.level();
      if (level > SPEECH_LEVEL) heardAt.current = Date.now();
      setLevels((before) => [...before.slice(1), level]);
    }, BAR_MS);
    return () => clearInterval(timer);
  }, [microphone]);
  return { levels, isQuiet: Date.now() - heardAt.current > QUIET_AFTER_MS };
}
