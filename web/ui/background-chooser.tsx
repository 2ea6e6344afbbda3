import { useRef, useState } from 'preact/hooks';
import { DEFAULT_BACKGROUND } from '../../src/contracts/job.ts';
import { toAccept } from '../../src/contracts/media-types.ts';
import type { RefusedPicture } from '../media/check-picture.ts';
import { readBackground } from '../state/draft.ts';
import { strings } from '../strings/strings.ts';
import { announce } from './announcer.tsx';
import { useObjectUrl } from './hooks.ts';
import { Figure, Icon } from './icon.tsx';
import { PictureNotice, toWords } from './picture-notice.tsx';

const NIGHT = '#1d2230';
const COLOURS = [DEFAULT_BACKGROUND as string, '#f4efe6', '#c9dcef', '#cfe3c8', '#f0cfc4', NIGHT];

export interface BackgroundChooserProps {
  /** Unique on the page. */
  name: string;
  value: string;
  photoUrl: string | undefined;
  image: Blob | undefined;
  onChoose: (background: string) => void;
  onImage: (image: Blob) => void;
}

function toneOf(background: string): string {
  return background === NIGHT ? 'dark' : background.startsWith('#') ? 'light' : '';
}

/** The possible backgrounds as tiles. */
export function BackgroundChooser({
  name,
  value,
  photoUrl,
  image,
  onChoose,
  onImage,
}: BackgroundChooserProps) {
  const t = strings.value.create.background;
  const file = useRef<HTMLInputElement>(null);
  const imageUrl = useObjectUrl(image);
  const [refused, setRefused] = useState<RefusedPicture>();
  const offer = async (chosen: File | undefined) => {
    if (!chosen) {
      return;
    }
    const read = await readBackground(chosen);
    if ('image' in read) {
      setRefused(undefined);
      onImage(read.image);
    } else {
      setRefused(read.refused);
      announce(toWords(read.refused));
    }
  };
  const isOwnColour = value.startsWith('#') && !COLOURS.includes(value);
  const tile = (background: string, label: string, content: preact.ComponentChildren, style = {}) => (
    <label class="swatch" key={background}>
      <input
        type="radio"
        name={name}
        checked={value === background}
        onChange={() => onChoose(background)}
        onClick={() => background === 'image' && file.current?.click()}
      />
      <span class={`tile ${toneOf(background)}`} style={style}>
        {content}
      </span>
      <span class="name">{label}</span>
    </label>
  );
  return (
    <fieldset class="swatches">
      <legend class="unseen">{t.title}</legend>
      {COLOURS.map((colour) => tile(colour, t.names[colour]!, <Figure />, { background: colour }))}
      {tile('original', t.original, photoUrl ? <img src={photoUrl} alt="" /> : <Figure />)}
      {tile('blur', t.blur, photoUrl ? <img class="blurred" src={photoUrl} alt="" /> : <Figure />)}
      {tile('transparent', t.transparent, <Figure />, { background: 'var(--checkers)' })}
      {tile(
        'image',
        t.image,
        imageUrl ? (
          <img src={imageUrl} alt="" />
        ) : (
          <span class="plus">
            <Icon name="plus" size={24} />
          </span>
        ),
      )}
      <label class={`swatch ${isOwnColour ? 'chosen' : ''}`}>
        <input
          type="color"
          aria-label={t.custom}
          value={value.startsWith('#') ? value : COLOURS[0]}
          onInput={({ currentTarget }) => onChoose(currentTarget.value)}
        />
        <span
          class="tile light"
          style={{
            background: isOwnColour ? value : 'linear-gradient(135deg, #ffd1a8, #c7b6ff 55%, #a8f0d8)',
          }}
        >
          <Figure />
        </span>
        <span class="name">{t.custom}</span>
      </label>
      <input
        ref={file}
        type="file"
        hidden
        accept={toAccept('picture')}
        aria-label={t.choose}
        onChange={({ currentTarget }) => {
          void offer(currentTarget.files?.[0]);
          currentTarget.value = '';
        }}
      />
      <PictureNotice refused={refused} />
    </fieldset>
  );
}
