import { open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { clamp } from '../../clamp.ts';
import { PipelineError } from '../../errors.ts';

const IS_BIG_ENDIAN = endianness() === 'BE';
const HEADER_BYTES = 44;
const PCM = 1;
/** Decoders return a few kilobytes at a time; separate writes would take longer than decoding. */
const WRITE_BYTES = 256 * 1024;

interface WavFormat {
  sampleRateHz: number;
  channels: number;
}

interface WavWriter {
  /** Appends interleaved frames, clipped to -1 to 1. */
  write(interleaved: Float32Array): Promise<void>;
  /** Writes the lengths into the header and closes the file. */
  finish(): Promise<void>;
  /** Closes the file as it is. No effect after `finish`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Writes a 16-bit PCM WAV piece by piece, so memory does not grow with the recording. */
export async function createWavWriter(path: string, format: WavFormat): Promise<WavWriter> {
  const file = await open(path, 'w');
  let writtenBytes = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let closed = false;
  const close = async () => {
    if (!closed) {
      closed = true;
      await file.close();
    }
  };
  await file.writeFile(toHeader(format, 0));
  const flush = async () => {
    await file.writeFile(Buffer.concat(pending));
    writtenBytes += pendingBytes;
    pending = [];
    pendingBytes = 0;
  };

  return {
    async write(interleaved) {
      const bytes = toPcm16(interleaved);
      pending.push(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes >= WRITE_BYTES) {
        await flush();
      }
    },
    async finish() {
      await flush();
      await file.write(toHeader(format, writtenBytes), 0, HEADER_BYTES, 0);
      await close();
    },
    [Symbol.asyncDispose]: close,
  };
}

export interface WavReader extends WavFormat, AsyncDisposable {
  /** Samples per channel. */
  frames: number;
  /** Reads up to `count` frames, one array per channel, -1 to 1. */
  read(from: number, count: number): Promise<Float32Array[]>;
}

/** Our own headers are much shorter. */
const MAX_HEADER_BYTES = 65_536;

/**
 * Opens a 16-bit PCM WAV to read it piece by piece.
 * @throws PipelineError MEDIA_UNDECODABLE for any other file
 */
export async function openWav(path: string): Promise<WavReader> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(Math.min(size, MAX_HEADER_BYTES));
    await file.read(head, 0, head.length, 0);
    const { format, data, dataAt } = findChunks(head);
    const channels = format?.readUInt16LE(2) ?? 0;
    if (
      !format ||
      !data ||
      format.readUInt16LE(0) !== PCM ||
      format.readUInt16LE(14) !== 16 ||
      channels === 0
    ) {
      throw new PipelineError(
        'MEDIA_UNDECODABLE',
        'Expected a 16-bit PCM WAV file, but received another format.',
      );
    }
    const bytesPerFrame = 2 * channels;
    const bytes = Math.min(head.readUInt32LE(dataAt - 4), size - dataAt);
    const frames = Math.floor(bytes / bytesPerFrame);
    return {
      sampleRateHz: format.readUInt32LE(4),
      channels,
      frames,
      async read(from, count) {
        const length = clamp(frames - from, 0, count);
        const buffer = Buffer.alloc(length * bytesPerFrame);
        await file.read(buffer, 0, buffer.length, dataAt + from * bytesPerFrame);
        return toChannels(buffer, channels, length);
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function toChannels(data: Buffer, count: number, frames: number): Float32Array[] {
  const values = new Int16Array(data.buffer, data.byteOffset, frames * count);
  if (IS_BIG_ENDIAN) {
    data.swap16();
  }
  return Array.from({ length: count }, (_, channel) => {
    const samples = new Float32Array(frames);
    for (let frame = 0; frame < frames; frame++) {
      samples[frame] = values[frame * count + channel]! / 32_768;
    }
    return samples;
  });
}

/**
 * Reads a whole 16-bit PCM WAV: one array per channel, -1 to 1.
 * @throws PipelineError MEDIA_UNDECODABLE for any other file
 */
export async function readWav(path: string): Promise<{ sampleRateHz: number; channels: Float32Array[] }> {
  await using wav = await openWav(path);
  return { sampleRateHz: wav.sampleRateHz, channels: await wav.read(0, wav.frames) };
}

/** RIFF consists of chunks: a four-letter name, a length, and that many bytes, padded to an even number. */
function findChunks(file: Buffer): { format?: Buffer; data?: Buffer; dataAt: number } {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    return { dataAt: 0 };
  }
  const chunks: { format?: Buffer; data?: Buffer; dataAt: number } = { dataAt: 0 };
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString('latin1', at, at + 4);
    const length = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, at + 8 + length);
    if (name === 'fmt ' && body.length >= 16) {
      chunks.format = body;
    } else if (name === 'data') {
      chunks.data = body;
      chunks.dataAt = at + 8;
      break;
    }
    at += 8 + length + (length % 2);
  }
  return chunks;
}

function toHeader({ sampleRateHz, channels }: WavFormat, dataBytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(HEADER_BYTES - 8 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(PCM, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(sampleRateHz * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

/** Samples in a WAV are little-endian. */
function toPcm16(interleaved: Float32Array): Buffer {
  const values = new Int16Array(interleaved.length);
  for (let index = 0; index < values.length; index++) {
    const value = Math.round(interleaved[index]! * 32_768);
    values[index] = clamp(value, -32_768, 32_767);
  }
  const bytes = Buffer.from(values.buffer);
  return IS_BIG_ENDIAN ? bytes.swap16() : bytes;
}
