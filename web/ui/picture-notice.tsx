import { useEffect, useRef } from 'preact/hooks';
import type { RefusedPicture } from '../media/check-picture.ts';
import { formatName } from '../strings/format.ts';
import { strings } from '../strings/strings.ts';
import { Icon } from './icon.tsx';

export function toWords({ fault, name, maxBytes, type }: RefusedPicture): string {
  const t = strings.value.create.pictureFaults;
  return fault === 'unsupported'
    ? t.unsupported(formatName(name), type?.label)
    : t[fault](formatName(name), Math.floor(maxBytes / 1e6));
}

/** Why a picture was rejected and what to do about it. Scrolls into view. */
export function PictureNotice({ refused }: { refused: RefusedPicture | undefined }) {
  const notice = useRef<HTMLParagraphElement>(null);
  useEffect(() => notice.current?.scrollIntoView({ block: 'nearest' }), [refused]);
  return (
    refused && (
      <p ref={notice} class="notice bad">
        <Icon name="warn" />
        {toWords(refused)}
      </p>
    )
  );
}
