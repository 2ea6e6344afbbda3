import { decoder as createAdpcmDecoder } from '@audio/decode-wav';
import { BufferSource } from '../../codecs/webcodecs.ts';
import { decodePieces } from './codec-file.ts';
import { openContainer } from './mediabunny-tracks.ts';
import type { SoundTrack } from './sound-block.ts';

/** Codes of the format chunk (RFC 2361). */
const PCM = 0x0001;
const MS_ADPCM = 0x0002;
const IMA_ADPCM = 0x0011;
const EXTENSIBLE = 0xfffe;
/** Common names of codecs that are not supported. */
const NAMES: Record<number, string> = {
  49: 'GSM 6.10',
  85: 'MP3 in WAV',
  353: 'WMA in WAV',
};
const MAX_CHANNELS = 64;
const HEADER_BYTES = 44;
const UNTIL_THE_END = 0xffffffff;
/** More unknown bytes than this behind the sound are sound, too. Fewer are a tag, such as ID3v1 with 128. */
const MAX_TRAILER_BYTES = 1024;
/** Blocks of ADPCM to decode at a time. */
const BLOCKS = 64;

interface Layout {
  isLittleEndian: boolean;
  /** Body of the format chunk. */
  format: DataView;
  data: Uint8Array;
}

interface WaveFormat {
  code: number;
  channels: number;
  sampleRateHz: number;
  bits: number;
  blockBytes: number;
}

/**
 * Opens WAV (RIFF and RIFX), RF64, BW64 and Wave64. Programs that stream write their header before they know the size, so
 * a size that cannot be true means that the sound lasts to the end of the file. EBU Tech 3306 describes RF64.
 * @returns the name of the codec if it is not supported
 * @throws Error if there is no format or no sound
 */
export async function openWaveFile(bytes: Uint8Array): Promise<{ sound: SoundTrack } | { codec: string }> {
  const { isLittleEndian, format: chunk, data } = findLayout(bytes);
  const format = readFormat(chunk, isLittleEndian);
  if (format.code === IMA_ADPCM || format.code === MS_ADPCM) {
    return { sound: decodeAdpcm(format, data) };
  }
  const [pcm, float, aLaw, muLaw] = [PCM, 0x0003, 0x0006, 0x0007];
  if (![pcm, float, aLaw, muLaw].includes(format.code)) {
    return { codec: NAMES[format.code] ?? `WAV codec ${format.code}` };
  }
  if (format.bits === 0 || format.bits > 64) {
    throw new Error('The format of the WAV file is damaged.');
  }
  const bytesPerSample = Math.ceil(format.bits / 8);
  const plain = {
    ...format,
    // Samples of 12 or 20 bits fill whole bytes from the top.
    bits: bytesPerSample * 8,
    blockBytes: bytesPerSample * format.channels,
  };
  const samples = isLittleEndian ? data : reverseEach(data, bytesPerSample);
  const whole = Buffer.concat([toHeader(plain, { dataBytes: samples.length }), samples]);
  return {
    async *sound() {
      using container = await openContainer(new BufferSource(whole));
      yield* container.tracks[0]!.sound!();
    },
  };
}

function findLayout(bytes: Uint8Array): Layout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  const magic = text(0);
  const isWave64 = magic === 'riff';
  const isLittleEndian = magic !== 'RIFX';
  /** Names of Wave64 are 16 bytes long, its sizes 8, and include the header. */
  const headerBytes = isWave64 ? 24 : 8;
  const align = isWave64 ? 8 : 2;
  const sizeAt = (at: number) =>
    isWave64
      ? Number(view.getBigUint64(at + 16, true)) - headerBytes
      : view.getUint32(at + 4, isLittleEndian);
  const next = (at: number, size: number) => at + headerBytes + Math.ceil(size / align) * align;
  const isChunk = (at: number) =>
    /^[\x20-\x7e]{4}$/.test(text(at)) && at + headerBytes + sizeAt(at) <= bytes.length + 1;

  let size64: number | undefined;
  let format: DataView | undefined;
  for (let at = isWave64 ? 40 : 12; at + headerBytes <= bytes.length; at = next(at, sizeAt(at))) {
    const name = text(at);
    const start = at + headerBytes;
    const size = sizeAt(at);
    if (size < 0) {
      break;
    }
    if (name === 'ds64' && start + 16 <= bytes.length) {
      size64 = Number(view.getBigUint64(start + 8, true));
    } else if (name === 'fmt ') {
      format = new DataView(bytes.buffer, bytes.byteOffset + start, Math.min(size, bytes.length - start));
    } else if (name === 'data' && format) {
      const announced = size === UNTIL_THE_END && size64 !== undefined ? size64 : size;
      const end = next(at, announced);
      const isTrue =
        start + announced <= bytes.length &&
        (bytes.length - end <= MAX_TRAILER_BYTES ? announced > 0 || end >= bytes.length : isChunk(end));
      return {
        isLittleEndian,
        format,
        data:
          isTrue || (announced === 0 && isChunk(end))
            ? bytes.subarray(start, start + announced)
            : bytes.subarray(start),
      };
    }
  }
  throw new Error(`The WAV file has no ${format ? 'sound' : 'format'}.`);
}

function readFormat(chunk: DataView, isLittleEndian: boolean): WaveFormat {
  if (chunk.byteLength < 14) {
    throw new Error('The format of the WAV file is cut off.');
  }
  const u16 = (at: number) => chunk.getUint16(at, isLittleEndian);
  const code = u16(0);
  // The real code is at the start of a GUID.
  const realCode = code === EXTENSIBLE && chunk.byteLength >= 26 ? u16(24) : code;
  const isLaw = realCode === 6 || realCode === 7;
  const format = {
    code: realCode,
    channels: u16(2),
    sampleRateHz: chunk.getUint32(4, isLittleEndian),
    bits: isLaw || chunk.byteLength < 16 ? 8 : u16(14),
    blockBytes: u16(12),
  };
  if (format.channels === 0 || format.channels > MAX_CHANNELS) {
    throw new Error('The format of the WAV file is damaged.');
  }
  return format;
}

function decodeAdpcm(format: WaveFormat, data: Uint8Array): SoundTrack {
  const { code, channels, blockBytes } = format;
  const headBytes = (code === IMA_ADPCM ? 4 : 7) * channels;
  if (channels > 2 || blockBytes <= headBytes) {
    throw new Error('The format of the ADPCM is damaged.');
  }
  const samplesPerBlock = (code === IMA_ADPCM ? 1 : 2) + ((blockBytes - headBytes) * 2) / channels;
  const extension = Buffer.alloc(4);
  extension.writeUInt16LE(2, 0);
  extension.writeUInt16LE(Math.floor(samplesPerBlock), 2);
  const header = toHeader({ ...format, bits: 4 }, { dataBytes: UNTIL_THE_END, extension });
  return decodePieces(createAdpcmDecoder, function* () {
    yield header;
    for (let at = 0; at < data.length; at += BLOCKS * blockBytes) {
      yield data.subarray(at, at + BLOCKS * blockBytes);
    }
  });
}

/** Reverses the bytes of each sample. */
function reverseEach(data: Uint8Array, bytes: number): Uint8Array {
  const length = data.length - (data.length % bytes);
  return Uint8Array.from({ length }, (_, i) => data[i - (i % bytes) + bytes - 1 - (i % bytes)]!);
}

function toHeader(
  { code, channels, sampleRateHz, bits, blockBytes }: WaveFormat,
  { dataBytes, extension = Buffer.alloc(0) }: { dataBytes: number; extension?: Buffer },
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES + extension.length);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(Math.min(UNTIL_THE_END, header.length - 8 + dataBytes), 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16 + extension.length, 16);
  header.writeUInt16LE(code, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(Math.min(UNTIL_THE_END, sampleRateHz * blockBytes), 28);
  header.writeUInt16LE(blockBytes, 32);
  header.writeUInt16LE(bits, 34);
  extension.copy(header, 36);
  header.write('data', 36 + extension.length, 'latin1');
  header.writeUInt32LE(dataBytes, 40 + extension.length);
  return header;
}
