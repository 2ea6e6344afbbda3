import { FLACDecoder } from '@wasm-audio-decoders/flac';
import { BufferSource } from '../../codecs/webcodecs.ts';
import { openContainer } from './mediabunny-tracks.ts';
import type { SoundBlock, SoundTrack } from './sound-block.ts';

const PAGE_HEADER_BYTES = 27;
const FIRST_PAGE = 0x02;
/** The first packet of a stream follows its page header and a segment table of one byte. */
const SIGNATURE_AT = 28;
/** Codecs that are not supported, by the first bytes of their streams. */
const OTHERS: Record<string, string> = { 'Speex   ': 'Speex', '\x80theora': 'Theora', CELT: 'CELT' };

/**
 * Opens an Ogg file to its end: a chain of streams that follow each other, such as recordings that were joined, may change
 * codec, rate and channels. A truncated page at the end is left out. RFC 3533.
 * @returns the name of the codec if it is not supported
 */
export async function openOggFile(bytes: Uint8Array): Promise<{ sound: SoundTrack } | { codec: string }> {
  const links: SoundTrack[] = [];
  let other: string | undefined;
  for (const link of splitChain(bytes)) {
    const signature = Buffer.from(link.subarray(SIGNATURE_AT, SIGNATURE_AT + 8)).toString('latin1');
    if (signature.startsWith('\x7fFLAC')) {
      links.push(() => decodeOggFlac(link));
    } else if (await hasSound(link)) {
      links.push(() => decodeLink(link));
    } else {
      other ??= Object.entries(OTHERS).find(([start]) => signature.startsWith(start))?.[1];
    }
  }
  if (links.length === 0) {
    return { codec: other ?? 'none' };
  }
  return {
    async *sound() {
      for (const link of links) {
        yield* link();
      }
    },
  };
}

/** A link starts at each first page that does not follow another first page. */
function splitChain(bytes: Uint8Array): Uint8Array[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const starts: number[] = [];
  let isInside = false;
  let end = 0;
  for (let at = 0; at >= 0 && at + PAGE_HEADER_BYTES <= file.length; ) {
    const pageEnd = at + toPageBytes(file, at);
    if (pageEnd > file.length) {
      break;
    }
    const isFirst = (file[at + 5]! & FIRST_PAGE) !== 0;
    if (isFirst && (isInside || starts.length === 0)) {
      starts.push(at);
    }
    isInside = !isFirst;
    end = pageEnd;
    at = file.indexOf('OggS', pageEnd, 'latin1');
  }
  return starts.map((start, index) => file.subarray(start, starts[index + 1] ?? end));
}

function toPageBytes(file: Buffer, at: number): number {
  const segments = file[at + PAGE_HEADER_BYTES - 1]!;
  const lengths = file.subarray(at + PAGE_HEADER_BYTES, at + PAGE_HEADER_BYTES + segments);
  return PAGE_HEADER_BYTES + segments + lengths.reduce((sum, length) => sum + length, 0);
}

async function hasSound(link: Uint8Array): Promise<boolean> {
  using container = await openContainer(new BufferSource(link));
  return container.tracks.some(({ sound }) => sound);
}

async function* decodeLink(link: Uint8Array): AsyncGenerator<SoundBlock> {
  using container = await openContainer(new BufferSource(link));
  yield* container.tracks.find(({ sound }) => sound)!.sound!();
}

async function* decodeOggFlac(link: Uint8Array): AsyncGenerator<SoundBlock> {
  const decoder = new FLACDecoder();
  await decoder.ready;
  try {
    yield* toBlocks(await decoder.decode(link));
    yield* toBlocks(await decoder.flush());
  } finally {
    decoder.free();
  }
}

function* toBlocks(decoded: Awaited<ReturnType<FLACDecoder['decode']>>): Generator<SoundBlock> {
  if (decoded.errors.length > 0 && decoded.samplesDecoded === 0) {
    throw new Error(decoded.errors[0]!.message);
  }
  if (decoded.samplesDecoded > 0) {
    yield { sampleRateHz: decoded.sampleRate, channels: decoded.channelData };
  }
}
