import { useEffect, useRef, useState } from 'preact/hooks';
import { strings } from '../../strings/strings.ts';

export interface PlayerProps {
  /** URL of the growing preview. */
  preview: string | undefined;
  /** URL of the finished video. */
  video: string | undefined;
  poster: string | undefined;
  /** The video has a transparent background. */
  isTransparent: boolean;
  onPreviewFault: () => void;
  /** Told the width over the height of the picture. */
  onRatio: (ratio: number) => void;
}

/** Shows the preview while it grows. The finished video takes over at the same position, so that playback does not jump. */
export function Player({ preview, video, poster, isTransparent, onPreviewFault, onRatio }: PlayerProps) {
  const t = strings.value.task;
  const growing = useRef<HTMLVideoElement>(null);
  const [isTakenOver, setTakenOver] = useState(preview === undefined);
  const isGrowing = preview !== undefined && !isTakenOver;
  // A video that is only removed keeps its connection until it is garbage.
  useEffect(() => {
    const video = growing.current;
    return () => {
      video?.removeAttribute('src');
      video?.load();
    };
  }, [isGrowing]);
  const style = isTransparent ? { background: 'var(--checkers)' } : {};
  const seek = (finished: HTMLVideoElement) => {
    if (growing.current) finished.currentTime = Math.min(growing.current.currentTime, finished.duration);
  };
  const takeOver = (finished: HTMLVideoElement) => {
    const before = growing.current;
    if (before) {
      finished.muted = before.muted;
      finished.volume = before.volume;
      if (!before.paused && !before.ended) void finished.play();
    }
    setTakenOver(true);
  };
  return (
    <>
      {isGrowing && (
        <video
          key="growing"
          ref={growing}
          controls
          playsInline
          autoPlay
          muted
          src={preview}
          aria-label={t.preview}
          data-test="preview"
          style={style}
          onError={onPreviewFault}
          onLoadedMetadata={({ currentTarget }) => onRatio(ratioOf(currentTarget))}
        />
      )}
      {isGrowing && <span class="chip tag from">{t.preview}</span>}
      {video && (
        // biome-ignore lint/a11y/useMediaCaption: only its author knows what is said in it
        <video
          key="finished"
          class={isGrowing ? 'behind' : ''}
          controls
          playsInline
          preload={isGrowing ? 'auto' : 'metadata'}
          src={video}
          poster={poster}
          aria-label={t.video}
          data-test="video"
          style={style}
          onLoadedMetadata={({ currentTarget }) => {
            onRatio(ratioOf(currentTarget));
            if (isGrowing) seek(currentTarget);
          }}
          onSeeked={({ currentTarget }) => isGrowing && takeOver(currentTarget)}
        />
      )}
    </>
  );
}

function ratioOf({ videoWidth, videoHeight }: HTMLVideoElement): number {
  return videoHeight > 0 ? videoWidth / videoHeight : 1;
}
