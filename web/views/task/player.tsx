import { useRef, useState } from 'preact/hooks';
import { strings } from '../../strings/strings.ts';

export interface PlayerProps {
  /** Where the video grows while it is made. */
  preview: string | undefined;
  /** The finished one. */
  video: string | undefined;
  poster: string | undefined;
  /** Nothing stands behind the person. */
  isClear: boolean;
  onPreviewFault: () => void;
}

/** The video while it is made; the finished one takes over at the same moment of it, so that nothing jumps. */
export function Player({ preview, video, poster, isClear, onPreviewFault }: PlayerProps) {
  const t = strings.value.task;
  const growing = useRef<HTMLVideoElement>(null);
  const [isTakenOver, setTakenOver] = useState(preview === undefined);
  const isGrowing = preview !== undefined && !isTakenOver;
  const style = isClear ? { background: 'var(--checkers)' } : {};
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
        />
      )}
      {isGrowing && <span class="chip tag from">{t.preview}</span>}
      {video && (
        // biome-ignore lint/a11y/useMediaCaption: what is said in it is known to its maker only
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
          onLoadedMetadata={({ currentTarget }) => isGrowing && seek(currentTarget)}
          onSeeked={({ currentTarget }) => isGrowing && takeOver(currentTarget)}
        />
      )}
    </>
  );
}
