import type { RefusedPicture } from '../media/check-picture.ts';
import { strings } from '../strings/strings.ts';
import { Icon } from './icon.tsx';

export function toWords({ fault, name, maxBytes, type }: RefusedPicture): string {
  const t = strings.value.create.pictureFaults;
  return fault === 'unsupported'
    ? t.unsupported(name, type?.label)
    : t[fault](name, Math.floor(maxBytes / 1e6));
}

/** Why a picture was rejected and what to do about it. */
export function PictureNotice({ refused }: { refused: RefusedPicture | undefined }) {
  return (
    refused && (
      <p class="notice bad">
        <Icon name="warn" />
        {toWords(refused)}
      </p>
    )
  );
}
