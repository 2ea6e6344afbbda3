import type { RefusedPicture } from '../media/check-picture.ts';
import { strings } from '../strings/strings.ts';
import { Icon } from './icon.tsx';

export function toWords({ fault, name, maxBytes }: RefusedPicture): string {
  return strings.value.create.pictureFaults[fault](name, Math.floor(maxBytes / 1e6));
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
