/**
 * Every kind of file that people send as a photo or as a recording, in one table. The server checks uploads by it and the
 * page checks files by it before it uploads them. The texts of both name types and describe files from here.
 *
 * The first bytes decide, never a name or a declared type. The first row that matches wins.
 */

import {
  ebml,
  type Head,
  hasBrand,
  hasMajorBrand,
  hasMpegFrames,
  isOldQuickTime,
  isTransportStream,
  riff,
  startsWith,
  toHead,
} from './file-signatures.ts';

export type MediaKind = 'picture' | 'recording';

export interface MediaType {
  /** The name in results, such as `jpeg`. */
  format: string;
  /** The name for people, such as `JPEG`. */
  label: string;
  kind: MediaKind | 'other';
  isAccepted: boolean;
  /** For file pickers and OpenAPI, the usual one first. */
  mimes: readonly string[];
  /** For file pickers, in lower case with their dot. Some systems do not know the MIME types. */
  extensions: readonly string[];
  matches(head: Head): boolean;
  /** What was received, in a sentence of its refusal. Default: "a file of type GIF". */
  described?: string;
  /** What to do, if this type is refused. Default: see `adviseOn`. */
  advice?: string;
}

/** Number of bytes that `detectMediaType` needs from the start of a file. It accepts fewer. */
export const MEDIA_HEAD_BYTES = 4096;

type Row = Pick<MediaType, 'format' | 'label' | 'matches'> & Partial<MediaType>;

const toTable =
  (common: Pick<MediaType, 'kind' | 'isAccepted'>) =>
  (rows: Row[]): MediaType[] =>
    rows.map((row) => ({ mimes: [], extensions: [], ...common, ...row }));

const PICTURES = toTable({ kind: 'picture', isAccepted: true })([
  {
    format: 'jpeg',
    label: 'JPEG',
    mimes: ['image/jpeg'],
    extensions: ['.jpg', '.jpeg', '.jfif'],
    matches: startsWith('\xff\xd8\xff'),
  },
  {
    format: 'png',
    label: 'PNG',
    mimes: ['image/png'],
    extensions: ['.png'],
    matches: startsWith('\x89PNG\r\n\x1a\n'),
  },
  {
    format: 'webp',
    label: 'WebP',
    mimes: ['image/webp'],
    extensions: ['.webp'],
    matches: riff('WEBP'),
  },
  {
    format: 'avif',
    label: 'AVIF',
    mimes: ['image/avif'],
    extensions: ['.avif'],
    matches: hasBrand('avif', 'avis'),
  },
  {
    // Files with the general brands of HEIF may also be AVIF: the decoder looks.
    format: 'heic',
    label: 'HEIC',
    mimes: ['image/heic', 'image/heif'],
    extensions: ['.heic', '.heif', '.hif'],
    matches: hasBrand('heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'mif2', 'msf1'),
  },
  {
    format: 'gif',
    label: 'GIF',
    mimes: ['image/gif'],
    extensions: ['.gif'],
    matches: startsWith('GIF87a', 'GIF89a'),
  },
]);

const OTHER_PICTURES = toTable({ kind: 'picture', isAccepted: false })([
  { format: 'tiff', label: 'TIFF', matches: startsWith('II*\0', 'MM\0*') },
  { format: 'bmp', label: 'BMP', matches: startsWith('BM') },
  { format: 'psd', label: 'PSD', matches: startsWith('8BPS') },
  { format: 'jxl', label: 'JPEG XL', matches: startsWith('\xff\x0a', '\0\0\0\x0cJXL \r\n\x87\n') },
  { format: 'jp2', label: 'JPEG 2000', matches: startsWith('\0\0\0\x0cjP  \r\n\x87\n', '\xff\x4f\xff\x51') },
  {
    format: 'svg',
    label: 'SVG',
    matches: ({ text }) => /^\s*(<\?xml|<!doctype svg|<!--|<svg)/i.test(text) && text.includes('<svg'),
  },
]);

const OTHER_FILES = toTable({ kind: 'other', isAccepted: false })([
  { format: 'pdf', label: 'PDF', matches: startsWith('%PDF-') },
  { format: 'zip', label: 'ZIP', matches: startsWith('PK\x03\x04') },
  { format: 'midi', label: 'MIDI', matches: startsWith('MThd') },
  { format: 'avi', label: 'AVI', matches: riff('AVI ') },
  {
    format: 'html',
    label: 'HTML',
    matches: ({ text }) =>
      /^(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)*<(!doctype html|html|head|body)\b/is.test(text),
    described: 'a web page',
    advice: 'Send the file itself.',
  },
]);

const RECORDINGS = toTable({ kind: 'recording', isAccepted: true })([
  {
    format: 'wav',
    label: 'WAV',
    mimes: ['audio/wav'],
    extensions: ['.wav', '.w64', '.rf64'],
    // RF64, BW64 and Wave64 are WAV for large files, RIFX is WAV with the other order of bytes.
    matches: ({ text }) =>
      /^(RIFF|RIFX|RF64|BW64)....WAVE/s.test(text) || text.startsWith('riff\x2e\x91\xcf\x11\xa5\xd6'),
  },
  {
    format: 'flac',
    label: 'FLAC',
    mimes: ['audio/flac'],
    extensions: ['.flac'],
    matches: startsWith('fLaC'),
  },
  {
    format: 'ogg',
    label: 'OGG',
    mimes: ['audio/ogg'],
    extensions: ['.ogg', '.oga', '.opus', '.ogv'],
    matches: startsWith('OggS'),
  },
  {
    format: 'webm',
    label: 'WebM',
    mimes: ['audio/webm', 'video/webm'],
    extensions: ['.webm', '.weba'],
    matches: ebml('webm'),
  },
  {
    format: 'matroska',
    label: 'MKV',
    mimes: ['video/matroska'],
    extensions: ['.mkv', '.mka'],
    matches: ebml('matroska'),
  },
  {
    format: 'm4a',
    label: 'M4A',
    mimes: ['audio/mp4'],
    extensions: ['.m4a', '.m4b'],
    matches: hasMajorBrand('M4A ', 'M4B ', 'M4P ', 'F4A ', 'F4B '),
  },
  {
    format: 'quicktime',
    label: 'MOV',
    mimes: ['video/quicktime'],
    extensions: ['.mov', '.qt', '.qta'],
    matches: (head) => hasMajorBrand('qt  ')(head) || isOldQuickTime(head),
  },
  {
    format: 'mp4',
    label: 'MP4',
    mimes: ['video/mp4'],
    extensions: ['.mp4', '.m4v', '.3gp', '.3ga', '.3g2'],
    // Pictures with brands are above. Videos have too many brands to list.
    matches: ({ brands }) => brands.length > 0,
  },
  {
    format: 'amr',
    label: 'AMR',
    mimes: ['audio/amr'],
    extensions: ['.amr', '.awb'],
    matches: startsWith('#!AMR\n', '#!AMR-WB\n'),
  },
  {
    format: 'caf',
    label: 'CAF',
    mimes: ['audio/x-caf'],
    extensions: ['.caf'],
    matches: startsWith('caff'),
  },
  {
    format: 'aiff',
    label: 'AIFF',
    mimes: ['audio/aiff'],
    extensions: ['.aif', '.aiff', '.aifc'],
    matches: ({ text }) => /^FORM....AIF[FC]/s.test(text),
  },
  {
    format: 'wma',
    label: 'WMA',
    mimes: ['audio/x-ms-wma'],
    extensions: ['.wma'],
    matches: startsWith('\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa'),
  },
  {
    format: 'flv',
    label: 'FLV',
    mimes: ['video/x-flv'],
    extensions: ['.flv'],
    matches: startsWith('FLV\x01'),
  },
  {
    format: 'mpegts',
    label: 'MPEG-TS',
    mimes: ['video/mp2t'],
    extensions: ['.ts', '.mts', '.m2ts'],
    matches: isTransportStream,
  },
  {
    format: 'mp3',
    label: 'MP3',
    mimes: ['audio/mpeg'],
    extensions: ['.mp3'],
    matches: (head) => startsWith('ID3')(head) || hasMpegFrames('mp3')(head),
  },
  {
    format: 'aac',
    label: 'AAC',
    mimes: ['audio/aac'],
    extensions: ['.aac'],
    matches: hasMpegFrames('aac'),
  },
]);

/** In the order in which files are compared with them. */
export const MEDIA_TYPES: readonly MediaType[] = [
  ...PICTURES,
  ...OTHER_PICTURES,
  ...OTHER_FILES,
  ...RECORDINGS,
];

/** @returns undefined if the table has no such type */
export function detectMediaType(bytes: Uint8Array): MediaType | undefined {
  const head = toHead(bytes.subarray(0, MEDIA_HEAD_BYTES));
  return MEDIA_TYPES.find((type) => type.matches(head));
}

/** The accepted types of a kind. */
export function acceptedTypes(kind: MediaKind): MediaType[] {
  return MEDIA_TYPES.filter((type) => type.isAccepted && type.kind === kind);
}

/** "JPEG, PNG, WebP or AVIF". */
export function listLabels(kind: MediaKind, or = 'or'): string {
  const labels = acceptedTypes(kind).map(({ label }) => label);
  return `${labels.slice(0, -1).join(', ')} ${or} ${labels.at(-1)}`;
}

/** The value of an `accept` attribute. */
export function toAccept(kind: MediaKind): string {
  return acceptedTypes(kind)
    .flatMap(({ mimes, extensions }) => [...mimes, ...extensions])
    .join();
}

/** What a refused file is, for a sentence such as "… but received a file of type PDF." */
export function describeMedia(type: MediaType | undefined): string {
  return type?.described ?? (type ? `a file of type ${type.label}` : 'a file of an unknown type');
}

/** What to do about a refused file, as a sentence. */
export function adviseOn(kind: MediaKind, type: MediaType | undefined): string {
  return type?.advice ?? `Save it as ${kind === 'picture' ? 'JPEG' : 'WAV or MP3'} and send it again.`;
}
