import { useEffect, useRef } from 'preact/hooks';
import { toAccept } from '../../../src/contracts/media-types.ts';
import { backgroundImage, fields, photo, refusedPhoto, takePhoto } from '../../state/draft.ts';
import { info } from '../../state/info.ts';
import { strings } from '../../strings/strings.ts';
import { announce } from '../../ui/announcer.tsx';
import { useFileDrop } from '../../ui/file-drop.ts';
import { Figure, Icon } from '../../ui/icon.tsx';
import { PictureNotice, toWords } from '../../ui/picture-notice.tsx';
import { drawPreview } from './draw-preview.ts';

export async function offerPhoto(file: File | undefined): Promise<void> {
  if (file) {
    await takePhoto(file, file.name);
    announce(refusedPhoto.value ? toWords(refusedPhoto.value) : strings.value.create.photo.alt(file.name));
  }
}

export function PhotoPanel() {
  const t = strings.value.create.photo;
  const input = useRef<HTMLInputElement>(null);
  const { isOver, handlers } = useFileDrop((files) => void offerPhoto(files[0]));
  const choose = () => input.current?.click();
  return (
    <section class="card panel photo-panel" aria-label={t.title}>
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
      <div class="photo-drop" {...handlers}>
        {photo.value ? (
          <Chosen onReplace={choose} />
        ) : (
          <div class={`drop ${isOver ? 'over' : ''}`}>
            <Figure />
            <strong>{t.drop}</strong>
            <span class="muted">
              {t.how}{' '}
              <button type="button" class="link" onClick={choose}>
                {t.choose}
              </button>
            </span>
            <span class="hint muted small">{t.hint(Math.floor(info.value.limits.image_bytes / 1e6))}</span>
          </div>
        )}
      </div>
      <PictureNotice refused={refusedPhoto.value} />
    </section>
  );
}

function Chosen({ onReplace }: { onReplace: () => void }) {
  const t = strings.value.create.photo;
  const { name, picture, sketch, isAnimation } = photo.value!;
  const canvas = useRef<HTMLCanvasElement>(null);
  const { background } = fields.value;
  const behind = backgroundImage.value;
  useEffect(() => {
    const drawing = new AbortController();
    if (canvas.current && picture && sketch) {
      void drawPreview(canvas.current, { picture, sketch, background, behind }, drawing.signal);
    }
    return () => drawing.abort();
  }, [picture, sketch, background, behind]);
  const isSketch = picture && background !== 'original';
  return (
    <>
      {picture ? (
        <canvas ref={canvas} role="img" aria-label={t.alt(name)} />
      ) : (
        <div class="drop">
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
        {isSketch && <span class="chip note">{t.sketch}</span>}
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
