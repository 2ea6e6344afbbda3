import type { RefusedPicture } from '../media/check-picture.ts';
import { strings } from '../strings/strings.ts';
import { Icon } from './icon.tsx';

export function toWords({ fault, name, mostBytes }: RefusedPicture): string {
  return strings.value.create.pictureFaults[fault](name, Math.floor(mostBytes / 1e6));
}

/** Why a picture was not taken, and what to do about it. */
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
