import { detectMediaType } from '../../contracts/media-types.ts';
import { PipelineError } from '../../errors.ts';
import type { MediaField } from '../../media/decode/media-type.ts';
import type { FileSource } from './multipart.ts';

const BASE64 = /^[A-Za-z0-9+/_-]{64,}={0,2}$/;
const MAX_SHOWN = 60;

/**
 * Refuses what people send by mistake in place of a file: a path without curl's `@`, a URL, base64, the URL of a web page.
 * @param head the start of the file
 * @throws PipelineError MEDIA_UNSUPPORTED that says how to send a file
 */
export function refuseText(field: MediaField, head: Uint8Array, source: FileSource): void {
  const text = Buffer.from(head).toString('utf8').trim();
  const mistake = findMistake(field, text, source);
  if (mistake) {
    throw new PipelineError(
      'MEDIA_UNSUPPORTED',
      `Expected a file in the field ${field} but received ${mistake}`,
      {
        details: { field },
      },
    );
  }
}

function findMistake(field: MediaField, text: string, source: FileSource): string | undefined {
  if ('url' in source) {
    return detectMediaType(Buffer.from(text))?.format === 'html'
      ? 'a web page. Open the URL in a browser and copy the address of the file itself, which the page only shows.'
      : undefined;
  }
  if (text.startsWith('data:')) {
    return 'a data URL. Send the bytes of the file, not a text that encodes them.';
  }
  if (isBase64OfMedia(text)) {
    return 'base64. Send the bytes of the file, not a text that encodes them.';
  }
  if (source.filename !== undefined || !isLine(text)) {
    return undefined;
  }
  const shown = JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
  if (/^https?:\/\//i.test(text)) {
    const instead = field === 'background_image' ? 'Send the file itself.' : `Send it as ${field}_url.`;
    return `the URL ${shown}. ${instead}`;
  }
  if (text.startsWith('@')) {
    return `the text ${shown}. Only curl reads a file by its @: open the file and send its bytes.`;
  }
  return `the text ${shown}. With curl, write an @ before the path: -F '${field}=@${text.slice(0, MAX_SHOWN)}'.`;
}

function isBase64OfMedia(text: string): boolean {
  const start = text.slice(0, 2048).replaceAll(/\s/g, '');
  return BASE64.test(start) && detectMediaType(Buffer.from(start, 'base64')) !== undefined;
}

/** A path, a name or a URL, and not the bytes of a file without a name. */
function isLine(text: string): boolean {
  return text.length > 0 && text.length < 1024 && /^\P{C}+$/u.test(text) && !text.includes('\ufffd');
}
