import {
  AudioSample,
  AudioSampleSource,
  FilePathTarget,
  Mp4OutputFormat,
  Output,
  VideoSample,
  VideoSampleSource,
} from '../../src/media/codecs/webcodecs.ts';
import { joinPlanes } from '../../src/media/encode/voice-packets.ts';

export interface Mp4Options {
  /** Both even: H.264 halves the resolution of colour. */
  widthPx: number;
  heightPx: number;
  framesPerS: number;
  /** Maximum number of frames. Space for their index is reserved in front of them, so that memory stays flat. */
  frames: number;
  /** 8, 11.025, 12, 16, 22.05, 24, 32, 44.1 or 48 kHz; one or two channels. */
  sound: { sampleRateHz: number; channels: number; samples: number };
  /** Bits per second. Default: 8 times the number of pixels, at least 1 million. */
  videoBitrate?: number;
}

export interface Mp4Writer {
  /** Adds a frame: packed RGBA, whose alpha is ignored. Resolves when the encoder can take more; the bytes may then be reused. */
  addFrame(rgba: Uint8Array): Promise<void>;
  /** Adds samples from -1 to 1, one array per channel. Best called once per frame, with the sound of that frame. */
  addSound(channels: Float32Array[]): Promise<void>;
  /** Encodes what is left and closes the file. */
  finish(): Promise<void>;
  /** Stops, and leaves an unusable file. Does nothing after `finish`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The encoder converts RGB to YCbCr with the matrix of BT.601 and limited range, whatever the frame declares. The frame
 * declares the same, so that players show the colours of the photo.
 */
const COLOURS = { primaries: 'bt709', transfer: 'bt709', matrix: 'smpte170m', fullRange: false } as const;
const SAMPLES_PER_AAC_PACKET = 1024;
/** For the packets that the encoder adds at the start and at the end. */
const SPARE_AAC_PACKETS = 8;

/** Writes an MP4 of H.264 and AAC. Its index comes first, so that it plays before it is completely loaded. */
export async function createMp4Writer(path: string, options: Mp4Options): Promise<Mp4Writer> {
  const { widthPx, heightPx, framesPerS, sound } = options;
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: 'reserve' }),
    target: new FilePathTarget(path),
  });
  const video = new VideoSampleSource({
    codec: 'avc',
    bitrate: options.videoBitrate ?? Math.max(1_000_000, widthPx * heightPx * 8),
    keyFrameInterval: 2,
    latencyMode: 'quality',
  });
  const audio = new AudioSampleSource({
    codec: 'aac',
    bitrate: 64_000 * sound.channels,
  });
  output.addVideoTrack(video, { frameRate: framesPerS, maximumPacketCount: options.frames });
  output.addAudioTrack(audio, {
    maximumPacketCount: Math.ceil(sound.samples / SAMPLES_PER_AAC_PACKET) + SPARE_AAC_PACKETS,
  });
  await output.start();

  let frames = 0;
  let samples = 0;
  return {
    async addFrame(rgba) {
      using frame = new VideoSample(rgba, {
        format: 'RGBA',
        codedWidth: widthPx,
        codedHeight: heightPx,
        timestamp: frames / framesPerS,
        duration: 1 / framesPerS,
        colorSpace: COLOURS,
      });
      frames += 1;
      await video.add(frame);
    },
    async addSound(channels) {
      using sample = new AudioSample({
        data: joinPlanes(channels),
        format: 'f32-planar',
        numberOfChannels: sound.channels,
        sampleRate: sound.sampleRateHz,
        timestamp: samples / sound.sampleRateHz,
      });
      samples += sample.numberOfFrames;
      await audio.add(sample);
    },
    finish: () => output.finalize(),
    async [Symbol.asyncDispose]() {
      if (output.state !== 'finalized') {
        await output.cancel();
      }
    },
  };
}
