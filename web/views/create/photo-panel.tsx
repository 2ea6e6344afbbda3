import { useEffect, useRef } from 'preact/hooks';
import { toAccept } from '../../../src/contracts/media-types.ts';
import { backgroundImage, fields, photo, refusedPhoto } from '../../state/draft.ts';
import { info } from '../../state/info.ts';
import { isPreviewing, photoPreview } from '../../state/photo-preview.ts';
import { strings } from '../../strings/strings.ts';
import { Figure, Icon } from '../../ui/icon.tsx';
import { PictureNotice } from '../../ui/picture-notice.tsx';
import { drawPreview } from './draw-preview.ts';
import { FaceChoice } from './face-choice.tsx';
import { draggedOver, offerPhoto } from './offered-files.ts';

export function PhotoPanel() {
  const t = strings.value.create.photo;
  const input = useRef<HTMLInputElement>(null);
  const choose = () => input.current?.click();
  const isOver = draggedOver.value === 'photo' ? 'over' : '';
  return (
    <section class="card panel photo-panel" aria-label={t.title} data-drop="photo">
      <input
        ref={input}
        type="file"
        hidden
        accept={toAccept('picture')}
        data-test="photo-file"
        onChange={({ currentTarget }) => {
          void offerPhoto(currentTarget.files?.[0]);
          currentTarget.value = '';
        }}
      />
      <div class="photo-drop">
        {photo.value ? (
          <Chosen onReplace={choose} isOver={isOver} />
        ) : (
          <button type="button" class={`drop ${isOver}`} onClick={choose}>
            <Figure />
            <strong class="with-mouse">{t.drop}</strong>
            <span class="muted with-mouse">{t.how}</span>
            <strong class="with-touch">{t.take}</strong>
            <span class="hint muted small">{t.hint(Math.floor(info.value.limits.image_bytes / 1e6))}</span>
          </button>
        )}
        {/* Inside, because below the photo it would be off the screen. */}
        <PictureNotice refused={refusedPhoto.value} />
      </div>
      {photo.value && <FaceChoice />}
    </section>
  );
}

function Chosen({ onReplace, isOver }: { onReplace: () => void; isOver: string }) {
  const t = strings.value.create.photo;
  const { name, picture, isAnimation } = photo.value!;
  const cutout = photoPreview.value?.cutout;
  const canvas = useRef<HTMLCanvasElement>(null);
  const { background } = fields.value;
  const behind = backgroundImage.value;
  useEffect(() => {
    const drawing = new AbortController();
    if (canvas.current && picture) {
      void drawPreview(canvas.current, { picture, cutout, background, behind }, drawing.signal);
    }
    return () => drawing.abort();
  }, [picture, cutout, background, behind]);
  return (
    <>
      {picture ? (
        <canvas ref={canvas} role="img" aria-label={t.alt(name)} class={isOver} />
      ) : (
        <div class={`drop ${isOver}`}>
          <Figure />
          <strong>{name}</strong>
          <span class="muted">{t.noPreview}</span>
        </div>
      )}
      <div class="photo-bar">
        <button type="button" class="chip" onClick={onReplace}>
          {t.replace}
        </button>
        {isAnimation && <span class="chip note">{t.firstFrame}</span>}
        {isPreviewing.value && <span class="chip note">{t.looking}</span>}
        <button
          type="button"
          class="chip"
          aria-label={t.remove}
          onClick={() => {
            photo.value = undefined;
          }}
        >
          <Icon name="cross" size={18} />
        </button>
      </div>
    </>
  );
}
