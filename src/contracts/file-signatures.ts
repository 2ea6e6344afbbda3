import { findMpegAudio, mpegFrameAt } from './mpeg-audio.ts';

/** The start of a file: its bytes, the same bytes as Latin-1, and the brands if it is ISO base media. */
export interface Head {
  bytes: Uint8Array;
  text: string;
  brands: readonly string[];
}

/** Conditions on the start of a file, for the rows of the table of media types. */
export const startsWith =
  (...signatures: string[]) =>
  ({ text }: Head) =>
    signatures.some((signature) => text.startsWith(signature));

export const riff =
  (form: string) =>
  ({ text }: Head) =>
    text.startsWith('RIFF') && text.startsWith(form, 8);

export const hasBrand =
  (...names: string[]) =>
  ({ brands }: Head) =>
    brands.some((brand) => names.includes(brand));

export const hasMajorBrand =
  (...names: string[]) =>
  ({ brands }: Head) =>
    names.includes(brands[0] ?? '');

export const ebml =
  (docType: string) =>
  ({ text }: Head) =>
    text.startsWith('\x1a\x45\xdf\xa3') && text.slice(0, 64).includes(docType);

/** A single frame at the start, or several anywhere: a part of a stream starts in the middle of a frame. */
export const hasMpegFrames =
  (format: 'mp3' | 'aac') =>
  ({ bytes }: Head) =>
    (mpegFrameAt(bytes, 0)?.format ?? findMpegAudio(bytes)?.format) === format;

/** Before MP4, files had no brands. */
export const isOldQuickTime = ({ text }: Head) =>
  ['moov', 'mdat', 'wide', 'free', 'skip'].includes(text.slice(4, 8));

/** Packets of 188 bytes that start with a G, after a time code of 4 bytes in files of cameras. ISO/IEC 13818-1. */
export function isTransportStream({ bytes }: Head): boolean {
  return [
    [0, 188],
    [4, 192],
  ].some(([start, step]) => [0, 1, 2, 3].every((packet) => bytes[start! + packet * step!] === 0x47));
}

export function toHead(bytes: Uint8Array): Head {
  const text = String.fromCharCode(...bytes);
  return { bytes, text, brands: brandsOf(bytes, text) };
}

/** The major brand, then the compatible ones. ISO/IEC 14496-12, section 4.3. */
function brandsOf(bytes: Uint8Array, text: string): string[] {
  if (!text.startsWith('ftyp', 4)) {
    return [];
  }
  const end = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const [major = '', , ...compatible] = text.slice(8, Math.max(12, end)).match(/.{4}/gs) ?? [];
  return [major, ...compatible];
}
