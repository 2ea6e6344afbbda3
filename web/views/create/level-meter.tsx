import { useEffect, useRef, useState } from 'preact/hooks';
import type { Recorder } from '../../media/recorder.ts';
import { formatClock } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { Icon } from '../../ui/icon.tsx';

const BARS = 48;
const BAR_MS = 60;
/** Speech is at least this loud. */
const SPEECH_LEVEL = 0.35;
const QUIET_AFTER_MS = 3_000;

/** The live level of the microphone, newest at the end. */
export function LevelMeter({ recorder, onStop }: { recorder: Recorder; onStop: () => void }) {
  const t = strings.value.create.voice;
  const [levels, setLevels] = useState<number[]>(() => new Array(BARS).fill(0));
  const [startedAt] = useState(Date.now);
  const heardAt = useRef(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      const level = recorder.level();
      if (level > SPEECH_LEVEL) heardAt.current = Date.now();
      setLevels((before) => [...before.slice(1), level]);
    }, BAR_MS);
    return () => clearInterval(timer);
  }, [recorder]);
  const isQuiet = Date.now() - heardAt.current > QUIET_AFTER_MS;
  return (
    <div class="recording panel-body">
      <meter class="unseen" aria-label={t.level} min={0} max={1} value={levels.at(-1)} />
      <div class="meter" aria-hidden="true">
        {levels.map((level, index) => (
          <i key={index} style={{ blockSize: `${6 + level * 90}%` }} />
        ))}
      </div>
      <div class="voice-line">
        <button type="button" class="button main" onClick={onStop}>
          <span class="record-dot" />
          {t.stop}
        </button>
        <span class="number">{formatClock((Date.now() - startedAt) / 1000)}</span>
        {isQuiet && (
          <span class="wait muted">
            <Icon name="warn" size={18} />
            {t.quiet}
          </span>
        )}
      </div>
    </div>
  );
}
