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
  /** As many as will be added at most: their index is reserved in front of them, so that memory stays flat. */
  frames: number;
  /** 8, 11.025, 12, 16, 22.05, 24, 32, 44.1 or 48 kHz; one or two channels. */
  sound: { sampleRateHz: number; channels: number; samples: number };
  /** Bits per second; default: 8 a pixel and second, at least 1 million. */
  videoBitrate?: number;
}

export interface Mp4Writer {
  /** The next frame as RGBA, tightly packed, alpha ignored. The bytes may be reused once it resolves, which is when the encoder can take more. */
  addFrame(rgba: Uint8Array): Promise<void>;
  /** The next samples, one array a channel, -1 to 1. Best added second by second, in step with the frames. */
  addSound(channels: Float32Array[]): Promise<void>;
  /** Encodes what is still under way and closes the file. */
  finish(): Promise<void>;
  /** Gives up and leaves an unusable file behind. Harmless after `finish`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The encoder turns RGB into YCbCr by the matrix of BT.601, limited range, whatever the frame claims. So that is what the
 * frame claims: players that believe the file show the colours of the photo.
 */
const COLOURS = { primaries: 'bt709', transfer: 'bt709', matrix: 'smpte170m', fullRange: false } as const;
const SAMPLES_PER_AAC_PACKET = 1024;
/** What the encoder adds in front and behind. */
const SPARE_AAC_PACKETS = 8;

/** Writes H.264 and AAC as an MP4 that starts to play before it is loaded whole: its index stands in front. */
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
