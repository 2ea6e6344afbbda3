import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MadeFile, MediaKind } from '../media-kinds.ts';

/** What a recording rightly becomes: its seconds, with a warning if there is one, or the code it is refused with. */
export type Expected = number | { durationS: number; warning: RegExp } | string;

type Made = MadeFile<Expected, (path: string) => void>;

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const VOICE = fileURLToPath(new URL('../../../samples/voice.wav', import.meta.url));
const VOICE_S = 8;
const RATE_HZ = 22_050;
const HEADER_BYTES = 44;
const SILENT = /^No speech was heard/;

/** The samples of the voice, 16 bits. */
const pcm = () => readFileSync(VOICE).subarray(HEADER_BYTES);
const floats = () => {
  const bytes = pcm();
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i) / 32_768);
};

const u16 = (value: number) => Buffer.from(Uint16Array.of(value).buffer);
const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const text = (letters: string) => Buffer.from(letters, 'latin1');
const chunk = (name: string, body: Buffer, size = body.length) =>
  Buffer.concat([text(name), u32(size), body]);

function format({ channels = 1, rateHz = RATE_HZ, bits = 16, code = 1 } = {}): Buffer {
  const frame = (channels * bits) / 8;
  return Buffer.concat([u16(code), u16(channels), u32(rateHz), u32(rateHz * frame), u16(frame), u16(bits)]);
}

function wave(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([text('RIFF'), u32(body.length + 4), text('WAVE'), body]);
}

/** Interleaved channels as a WAV file of 16 bits. */
function stereo(left: Float32Array, right: Float32Array): Buffer {
  const samples = Int16Array.from({ length: 2 * left.length }, (_, i) =>
    Math.round((i % 2 === 0 ? left : right)[i >> 1]! * 32_767),
  );
  return wave(chunk('fmt ', format({ channels: 2 })), chunk('data', Buffer.from(samples.buffer)));
}

function mono(samples: Float32Array): Buffer {
  return wave(
    chunk('fmt ', format()),
    chunk('data', Buffer.from(Int16Array.from(samples, (value) => Math.round(value * 32_767)).buffer)),
  );
}

const write = (expected: Expected, toBytes: () => Buffer): Made => ({
  expected,
  make: (path) => writeFileSync(path, toBytes()),
});

/** Converts the voice, or other inputs, by ffmpeg. */
const convert = (expected: Expected, ...args: string[]): Made => ({
  expected,
  make: (path) => runFfmpeg(['-i', VOICE, ...args, path]),
});

/** Converts the voice and changes the bytes of the result. */
const convertThen = (expected: Expected, args: string[], change: (bytes: Buffer) => Buffer): Made => ({
  expected,
  make: (path) => {
    runFfmpeg(['-i', VOICE, ...args, path]);
    writeFileSync(path, change(readFileSync(path)));
  },
});

function runFfmpeg(args: string[]): void {
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...args]);
  if (status !== 0) {
    throw new Error(`ffmpeg ${args.join(' ')}: ${stderr}`);
  }
}

/** An ID3v2.4 tag with a picture of this size. */
function id3(bytes: number): Buffer {
  const size = Buffer.from([21, 14, 7, 0].map((bits) => (bytes >> bits) & 0x7f));
  return Buffer.concat([text('ID3\x04\0\0'), size, noiseBytes(bytes)]);
}

/** An APEv2 tag at the end of a file, with a picture of this size. */
function ape(bytes: number): Buffer {
  const head = (flags: number) =>
    Buffer.concat([text('APETAGEX'), u32(2000), u32(bytes + 32), u32(1), u32(flags), Buffer.alloc(8)]);
  return Buffer.concat([head(0xa0000000), noiseBytes(bytes), head(0x80000000)]);
}

function noiseBytes(length: number): Buffer {
  const random = createRandom(length);
  return Buffer.from(Uint8Array.from({ length }, () => Math.floor(random() * 256)));
}

/** Park and Miller's generator, so that every run makes the same files. */
export function createRandom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const synthesize = (seconds: number, toSample: (timeS: number) => number) =>
  mono(Float32Array.from({ length: seconds * RATE_HZ }, (_, i) => toSample(i / RATE_HZ)));

/** Kinds of recordings that people really have, each of which is refused, cut short or silent in many programs. */
export const RECORDING_KINDS: Array<MediaKind<Expected, Made['make']>> = [
  {
    fault: 'a WAV file whose header was written before its size was known',
    field: { 'riff-36-data-0.wav': 2.74, 'riff-zero-data-right.wav': 2.74 },
    made: {
      'sizes-ffffffff.wav': write(VOICE_S, () =>
        Buffer.concat([
          ...[text('RIFF'), u32(0xffffffff), text('WAVE')],
          ...[chunk('fmt ', format()), chunk('data', pcm(), 0xffffffff)],
        ]),
      ),
      'size-of-the-first-block.wav': write(VOICE_S, () =>
        Buffer.concat([
          ...[text('RIFF'), u32(4096 + 36), text('WAVE')],
          ...[chunk('fmt ', format()), chunk('data', pcm(), 4096)],
        ]),
      ),
      'right-size-with-tags-behind.wav': write(VOICE_S, () =>
        wave(
          ...[chunk('LIST', text('INFOISFT\x04\0\0\0test')), chunk('fmt ', format()), chunk('data', pcm())],
          ...[chunk('id3 ', noiseBytes(40_000)), text('TAG'), Buffer.alloc(125)],
        ),
      ),
    },
  },
  {
    fault: 'WAV in a form for files of more than 4 GB',
    field: { 'rf64.wav': 2.74 },
    made: {
      'bw64.wav': write(VOICE_S, () =>
        Buffer.concat([
          ...[text('BW64'), u32(0xffffffff), text('WAVE')],
          chunk('ds64', Buffer.concat([u64(pcm().length + 72), u64(pcm().length), u64(0), u32(0)])),
          ...[chunk('fmt ', format()), chunk('data', pcm(), 0xffffffff)],
        ]),
      ),
      'wave64.w64': convert(VOICE_S, '-f', 'w64'),
      'big-endian-rifx.wav': write(VOICE_S, () => {
        const big = (part: Buffer) => Buffer.from(part).reverse();
        return Buffer.concat([
          ...[text('RIFX'), big(u32(pcm().length + 36)), text('WAVEfmt '), big(u32(16))],
          ...[u16(1), u16(1)].map(big),
          ...[u32(RATE_HZ), u32(2 * RATE_HZ)].map(big),
          ...[u16(2), u16(16)].map(big),
          ...[text('data'), big(u32(pcm().length)), Buffer.from(pcm()).swap16()],
        ]);
      }),
    },
  },
  {
    fault: 'WAV whose samples are not plain 16-bit numbers',
    field: { 'ima-adpcm.wav': 2.78 },
    made: {
      'ima-adpcm-stereo.wav': convert(VOICE_S, '-ac', '2', '-c:a', 'adpcm_ima_wav'),
      'ms-adpcm-stereo.wav': convert(VOICE_S, '-ac', '2', '-c:a', 'adpcm_ms'),
      'a-law.wav': convert(VOICE_S, '-c:a', 'pcm_alaw'),
      'mu-law-8khz.wav': convert(VOICE_S, '-ar', '8000', '-c:a', 'pcm_mulaw'),
      '8-bit.wav': convert(VOICE_S, '-c:a', 'pcm_u8'),
      '24-bit-extensible.wav': convert(VOICE_S, '-ac', '2', '-ar', '96000', '-c:a', 'pcm_s24le'),
      'float-64.wav': convert(VOICE_S, '-c:a', 'pcm_f64le'),
      'float-with-gaps.wav': write(VOICE_S, () => {
        const samples = floats().map((value, i) => (i % 5000 === 0 ? Number.NaN : value));
        return wave(chunk('fmt ', format({ bits: 32, code: 3 })), chunk('data', Buffer.from(samples.buffer)));
      }),
    },
  },
  {
    fault: 'FLAC with a rate or a depth beyond those of a CD',
    field: { 'flac-192khz-32bit.flac': 2.74 },
    made: {
      'flac-96khz-24bit.flac': convert(VOICE_S, '-ar', '96000', '-sample_fmt', 's32'),
      'flac-after-a-tag.flac': convertThen(VOICE_S, ['-ar', '176400'], (bytes) =>
        Buffer.concat([id3(30_000), bytes]),
      ),
    },
  },
  {
    fault: 'MP3 whose header is wrong or missing, or is far behind the start',
    field: { 'first-40-s-of-a-podcast.mp3': 37.7 },
    made: {
      'first-half.mp3': convertThen(4, ['-q:a', '4'], (bytes) => bytes.subarray(0, bytes.length / 2)),
      'vbr-without-header.mp3': convert(VOICE_S, '-q:a', '4', '-write_xing', '0'),
      'large-pictures-in-tags.mp3': convertThen(VOICE_S, ['-q:a', '4'], (bytes) =>
        Buffer.concat([id3(700_000), id3(2000), bytes, ape(300_000), text('TAG'), Buffer.alloc(125)]),
      ),
    },
  },
  {
    fault: 'a stream that starts in the middle of a frame',
    field: { 'starts-mid-frame.mp3': 2.74 },
    made: {
      'after-other-bytes.mp3': convertThen(VOICE_S, ['-b:a', '64k', '-write_xing', '0'], (bytes) =>
        Buffer.concat([noiseBytes(900), bytes.subarray(700)]),
      ),
      'starts-mid-frame.aac': convertThen(VOICE_S, ['-f', 'adts'], (bytes) => bytes.subarray(100)),
    },
  },
  {
    fault: 'Ogg streams that were joined into one file',
    field: { 'chained-mono-stereo.opus': 5.5 },
    made: {
      'vorbis-then-opus.ogg': {
        expected: 2 * VOICE_S,
        make: (path) => joinTwo(path, ['-c:a', 'libvorbis', '-ac', '2'], ['-c:a', 'libopus']),
      },
      'two-rates.ogg': {
        expected: 2 * VOICE_S,
        make: (path) =>
          joinTwo(path, ['-c:a', 'libvorbis', '-ar', '44100'], ['-c:a', 'libvorbis', '-ar', '16000']),
      },
      'flac-in-ogg.oga': convert(VOICE_S, '-c:a', 'flac'),
    },
  },
  {
    fault: 'codecs of phones',
    field: { 'alac.m4a': 2.74, 'voice.amr': 2.74 },
    made: {
      'amr-wideband.awb': { expected: 3, make: copyOf('voice.awb') },
      'amr-in-3gp.3gp': {
        expected: 3,
        make: (path) => runFfmpeg(['-i', fixture('voice.amr'), '-c', 'copy', path]),
      },
      'he-aac.m4a': { expected: 3.1, make: copyOf('he-aac.m4a') },
      'he-aac-v2.aac': { expected: 3.2, make: copyOf('he-aac-v2.aac') },
      'alac-stereo-24-bit.m4a': convert(VOICE_S, '-ac', '2', '-c:a', 'alac', '-sample_fmt', 's32p'),
      'alac.caf': convert(VOICE_S, '-c:a', 'alac'),
      'opus.caf': convert(VOICE_S, '-c:a', 'libopus'),
      'opus.mp4': convert(VOICE_S, '-c:a', 'libopus'),
      'opus.webm': convert(VOICE_S, '-c:a', 'libopus'),
      'pcm.caf': convert(VOICE_S, '-c:a', 'pcm_s24le'),
      'pcm.aiff': convert(VOICE_S, '-c:a', 'pcm_s16be'),
      'windows.wma': convert(VOICE_S, '-c:a', 'wmav2'),
      'camera.mts': convert(VOICE_S, '-c:a', 'aac', '-f', 'mpegts'),
    },
  },
  {
    fault: 'a codec that is not decoded, so it is named',
    field: { 'speex.ogg': 'MEDIA_UNSUPPORTED' },
    made: {
      'gsm.wav': convert('MEDIA_UNSUPPORTED', '-ar', '8000', '-c:a', 'libgsm_ms'),
      'speex-narrow.spx': convert('MEDIA_UNSUPPORTED', '-ar', '8000', '-c:a', 'libspeex'),
    },
  },
  {
    fault: 'channels that cancel each other',
    field: { 'out-of-phase.wav': 2.74 },
    made: {
      'opposite-and-quieter.wav': write(VOICE_S, () =>
        stereo(
          floats(),
          floats().map((value) => -0.7 * value),
        ),
      ),
      'opposite-with-an-offset.wav': write(VOICE_S, () =>
        stereo(
          floats().map((value) => value / 2 + 0.4),
          floats().map((value) => -value / 2 + 0.4),
        ),
      ),
      'second-channel-only.wav': write(VOICE_S, () => stereo(new Float32Array(floats().length), floats())),
    },
  },
  {
    fault: 'sound without a voice',
    field: { 'dc-only.wav': 'AUDIO_SILENT', 'noise-only.wav': { durationS: 3, warning: SILENT } },
    made: {
      'hum.wav': write({ durationS: 5, warning: SILENT }, () =>
        synthesize(5, (t) => 0.3 * Math.sin(100 * Math.PI * t) + 0.1 * Math.sin(300 * Math.PI * t)),
      ),
      'click.wav': write({ durationS: 3, warning: SILENT }, () =>
        synthesize(3, (t) => (Math.abs(t - 1.5) < 0.0005 ? 0.9 : 0)),
      ),
      'offset-and-dither.wav': write('AUDIO_SILENT', () =>
        synthesize(3, (t) => 0.25 + Math.sin(t * 1e6) / 32_768),
      ),
      'wind.wav': write({ durationS: 6, warning: SILENT }, () => {
        const random = createRandom(5);
        let low = 0;
        return synthesize(6, (t) => {
          low += 0.02 * (random() - 0.5 - low);
          return (3 + 2 * Math.sin(2 * t)) * low;
        });
      }),
    },
  },
  {
    fault: 'a voice that is very quiet',
    field: { 'very-quiet.wav': { durationS: 2.74, warning: /very quiet/ } },
    made: {
      'quiet-24-bit.wav': convert(
        { durationS: VOICE_S, warning: /very quiet/ },
        ...['-af', 'volume=-45dB', '-c:a', 'pcm_s24le'],
      ),
      'quiet.mp3': convert({ durationS: VOICE_S, warning: /very quiet/ }, '-af', 'volume=-35dB'),
    },
  },
  {
    fault: 'several tracks, of which the first is silent',
    field: { 'obs-desktop-and-mic.mkv': 2.74 },
    made: {
      'two-tracks.mp4': { expected: VOICE_S, make: withTracks(1) },
      'three-tracks.mov': { expected: VOICE_S, make: withTracks(2) },
      'fragmented.mp4': { expected: VOICE_S, make: withTracks(1, '-movflags', 'frag_keyframe+empty_moov') },
    },
  },
];

function copyOf(name: string) {
  return (path: string) => writeFileSync(path, readFileSync(fixture(name)));
}

/** Silent tracks before the one with the voice. */
function withTracks(silent: number, ...options: string[]) {
  return (path: string) => {
    const silence = ['-f', 'lavfi', '-t', String(VOICE_S), '-i', 'anullsrc=r=48000:cl=stereo'];
    const inputs = [...Array.from({ length: silent }, () => silence).flat(), '-i', VOICE];
    const maps = Array.from({ length: silent + 1 }, (_, i) => ['-map', `${i}:a`]).flat();
    runFfmpeg([...inputs, ...maps, '-c:a', 'aac', ...options, path]);
  };
}

/** Two conversions of the voice, one behind the other. */
function joinTwo(path: string, first: string[], second: string[]): void {
  const parts = [first, second].map((args, i) => {
    const part = `${path}.${i}.ogg`;
    runFfmpeg(['-i', VOICE, '-serial_offset', String(100 * i), ...args, part]);
    return readFileSync(part);
  });
  writeFileSync(path, Buffer.concat(parts));
}

/** Makes those of our own files that are wanted. @returns their paths */
export function makeRecordings(folder: string, isWanted: (name: string) => boolean): string[] {
  return RECORDING_KINDS.flatMap(({ made }) => Object.entries(made)).flatMap(([name, { make }]) => {
    if (!isWanted(name)) {
      return [];
    }
    const path = join(folder, name);
    make(path);
    return path;
  });
}
