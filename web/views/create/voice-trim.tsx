import { useEffect, useRef, useState } from 'preact/hooks';
import { type DraftVoice, voice as draftVoice } from '../../state/draft.ts';
import { formatClock, formatNumber } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { useObjectUrl } from '../../ui/hooks.ts';
import { Icon } from '../../ui/icon.tsx';
import { mayLoseVoice } from './offered-files.ts';

const MIN_SELECTION_S = 0.5;
const STEP_S = 0.1;
const BAR_PX = 3;
const GAP_PX = 2;

/** The recording as a waveform with a handle at each end of the selection. */
export function VoiceTrim({ voice }: { voice: DraftVoice }) {
  const t = strings.value.create.voice;
  const { file, name, decoded, fromS, toS } = voice;
  const wave = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const audio = useRef<HTMLAudioElement>(null);
  const playButton = useRef<HTMLButtonElement>(null);
  const [at, setAt] = useState<number>();
  const url = useObjectUrl(file);
  const lengthS = decoded?.durationS ?? 0;

  useEffect(() => {
    if (canvas.current && decoded) drawWave(canvas.current, decoded.peaks);
  }, [decoded]);

  // The button that ended the recording is gone, and with it the focus.
  useEffect(() => {
    if (decoded && voice.isRecorded && document.activeElement === document.body) playButton.current?.focus();
  }, [decoded, voice.isRecorded]);

  // `timeupdate` fires only four times a second: too rarely to stop at the end of the selection.
  useEffect(() => {
    if (at === undefined) return;
    const timer = setInterval(() => {
      const now = audio.current?.currentTime ?? 0;
      if (now >= toS || audio.current?.paused) {
        audio.current?.pause();
        setAt(undefined);
      } else {
        setAt(now);
      }
    }, 40);
    return () => clearInterval(timer);
  }, [at === undefined, toS]);

  const play = () => {
    if (at !== undefined || !audio.current) {
      audio.current?.pause();
      setAt(undefined);
      return;
    }
    audio.current.currentTime = fromS;
    void audio.current.play();
    setAt(fromS);
  };

  const move = (edge: 'fromS' | 'toS', seconds: number) => {
    const value =
      edge === 'fromS'
        ? Math.max(0, Math.min(seconds, toS - MIN_SELECTION_S))
        : Math.min(lengthS, Math.max(seconds, fromS + MIN_SELECTION_S));
    draftVoice.value = { ...voice, [edge]: value };
  };
  const share = (seconds: number) => `${lengthS > 0 ? (seconds / lengthS) * 100 : 0}%`;
  const secondsAt = ({ clientX }: PointerEvent) => {
    const { left, width } = wave.current!.getBoundingClientRect();
    return ((clientX - left) / width) * lengthS;
  };

  const handle = (edge: 'fromS' | 'toS', label: string) => (
    <div
      class="handle"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Number(lengthS.toFixed(1))}
      aria-valuenow={Number(voice[edge].toFixed(1))}
      aria-valuetext={t.length(formatNumber(voice[edge], 1))}
      style={{ left: share(voice[edge]) }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) move(edge, secondsAt(event));
      }}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S }[event.key];
        const to = { Home: 0, End: lengthS }[event.key];
        if (by !== undefined || to !== undefined) {
          event.preventDefault();
          move(edge, to ?? voice[edge] + by! * (event.shiftKey ? 10 : 1));
        }
      }}
    />
  );

  return (
    <>
      {/* Waveforms run from left to right in every language. */}
      <div class="wave" ref={wave} dir="ltr">
        <canvas ref={canvas} role="img" aria-label={t.waveform} />
        {decoded && (
          <>
            <div class="cut" style={{ left: 0, width: share(fromS) }} />
            <div class="cut" style={{ right: 0, width: share(lengthS - toS) }} />
            {at !== undefined && <div class="head" style={{ left: share(at) }} />}
            {handle('fromS', t.trimStart)}
            {handle('toS', t.trimEnd)}
          </>
        )}
      </div>
      <div class="voice-line">
        <button
          ref={playButton}
          type="button"
          class="round filled"
          aria-label={at === undefined ? t.play : t.pause}
          disabled={!decoded}
          onClick={play}
        >
          <Icon name={at === undefined ? 'play' : 'pause'} />
        </button>
        <span class="name">{name}</span>
        <span class="muted number">{decoded ? formatClock(toS - fromS) : ''}</span>
        <button
          type="button"
          class="round"
          aria-label={t.remove}
          onClick={async () => {
            if (await mayLoseVoice()) draftVoice.value = undefined;
          }}
        >
          <Icon name="cross" />
        </button>
      </div>
      {/* biome-ignore lint/a11y/useMediaCaption: it plays back the user's own recording */}
      <audio ref={audio} src={url} preload="auto" />
    </>
  );
}

/** Draws the loudness of a recording as bars. */
function drawWave(canvas: HTMLCanvasElement, peaks: Float32Array): void {
  const scale = devicePixelRatio;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  // A grey with enough contrast in the light and the dark theme.
  context.fillStyle = '#84857a';
  const loudest = Math.max(0.05, ...peaks);
  const bars = Math.max(1, Math.floor(width / (BAR_PX + GAP_PX)));
  for (let bar = 0; bar < bars; bar += 1) {
    const from = Math.floor((bar * peaks.length) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / bars));
    const share = Math.max(...peaks.subarray(from, to)) / loudest;
    const tall = Math.max(3, share * (height - 20));
    context.beginPath();
    context.roundRect(bar * (BAR_PX + GAP_PX), (height - tall) / 2, BAR_PX, tall, BAR_PX / 2);
    context.fill();
  }
}
