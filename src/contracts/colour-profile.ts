/** Names of profiles that are sRGB itself. Converting from one of them changes nothing, and takes twice as long as decoding. */
const SRGB_NAMES: readonly string[] = [
  'sRGB IEC61966-2.1',
  'sRGB IEC61966-2-1',
  'sRGB2014',
  'sRGB built-in',
  'sRGB',
];

/** Whether an ICC profile describes sRGB. False if there is none or it cannot be read. */
export function isSrgbProfile(icc: Uint8Array | undefined): boolean {
  return icc !== undefined && SRGB_NAMES.includes(nameOf(icc));
}

const TAGS_START = 128;
const TAG_BYTES = 12;
/** The names that are looked for are much shorter. A photo may claim any length. */
const MAX_NAME_BYTES = 256;

/** The text of the tag `desc`: ASCII in version 2 of the format, UTF-16 in several languages in version 4. */
function nameOf(icc: Uint8Array): string {
  const view = new DataView(icc.buffer, icc.byteOffset, icc.byteLength);
  const text = (start: number, end: number, encoding: string) =>
    new TextDecoder(encoding).decode(icc.subarray(start, end));
  try {
    const tags = Math.min(view.getUint32(TAGS_START), icc.length / TAG_BYTES);
    for (let tag = 0, at = TAGS_START + 4; tag < tags; tag += 1, at += TAG_BYTES) {
      if (text(at, at + 4, 'latin1') === 'desc') {
        const start = view.getUint32(at + 4);
        const isUtf16 = text(start, start + 4, 'latin1') === 'mluc';
        const [from, length] = isUtf16
          ? [start + view.getUint32(start + 24), view.getUint32(start + 20)]
          : [start + 12, view.getUint32(start + 8)];
        const until = from + Math.min(length, MAX_NAME_BYTES);
        return text(from, until, isUtf16 ? 'utf-16be' : 'latin1').replace(/\0+$/, '');
      }
    }
  } catch {
    // Truncated. The decoder reports what is wrong with the photo.
  }
  return '';
}
