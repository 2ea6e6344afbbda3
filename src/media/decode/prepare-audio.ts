import { MAX_AUDIO_S, MIN_AUDIO_S } from '../../contracts/media-limits.ts';
import { PipelineError } from '../../errors.ts';
import { createVoiceTrack, type VoiceTrack } from '../audio/voice-track.ts';
import { openRecording, type Recording } from './decode-recording.ts';

/** Of full scale: recordings without a sound above it are called silent. */
export const SILENCE_DB = -60;

export interface PreparedAudio {
  durationS: number;
  sampleRateHz: number;
  channels: number;
  /** The loudest sample, in decibels of full scale. */
  peakDb: number;
}

/**
 * Decodes a recording piece by piece into a 16-bit PCM WAV of one or two channels. A file that was cut off counts as the
 * part that can be played.
 * @throws PipelineError AUDIO_MISSING, AUDIO_TOO_LONG, AUDIO_TOO_SHORT, AUDIO_SILENT, MEDIA_UNSUPPORTED for codecs that
 *   are not decoded, MEDIA_UNDECODABLE where it is damaged.
 */
export async function prepareAudio(path: string, wavPath: string): Promise<PreparedAudio> {
  try {
    using recording = await openRecording(path);
    requireLength(recording.announcedS ?? 0);
    await using voice = await decodeInto(wavPath, recording);
    return toPrepared(voice);
  } catch (error) {
    if (error instanceof PipelineError) {
      throw error;
    }
    throw new PipelineError(
      'MEDIA_UNDECODABLE',
      'Expected a recording for audio that can be decoded to its end; this one is damaged or of a rare kind. Save it again as WAV or MP3 and send that.',
      { cause: error, details: { field: 'audio' } },
    );
  }
}

async function decodeInto(wavPath: string, recording: Recording): Promise<VoiceTrack | undefined> {
  let voice: VoiceTrack | undefined;
  try {
    for await (const block of recording.blocks()) {
      voice ??= await createVoiceTrack(wavPath, {
        sampleRateHz: block.sampleRateHz,
        channels: block.channels.length,
      });
      await voice.add(block);
      requireLength(voice.durationS());
    }
    await voice?.finish();
    return voice;
  } catch (error) {
    await voice?.[Symbol.asyncDispose]();
    throw error;
  }
}

function toPrepared(voice: VoiceTrack | undefined): PreparedAudio {
  const durationS = voice?.durationS() ?? 0;
  const peakDb = 20 * Math.log10(voice?.peak() ?? 0);
  if (!voice || durationS < MIN_AUDIO_S) {
    throw new PipelineError(
      'AUDIO_TOO_SHORT',
      `Expected at least ${MIN_AUDIO_S} seconds of sound for audio and received ${durationS.toFixed(2)}. Send a longer recording.`,
      { details: { durationS } },
    );
  }
  if (peakDb < SILENCE_DB) {
    throw new PipelineError(
      'AUDIO_SILENT',
      `Expected a voice for audio and received silence: the loudest moment lies at ${toDecibels(peakDb)} of full scale, below ${SILENCE_DB} dB. Check the microphone and record again.`,
      { details: { durationS } },
    );
  }
  return { durationS, sampleRateHz: voice.sampleRateHz, channels: voice.channels, peakDb };
}

function toDecibels(db: number): string {
  return Number.isFinite(db) ? `${db.toFixed(0)} dB` : 'nothing at all';
}

function requireLength(durationS: number): void {
  if (durationS > MAX_AUDIO_S) {
    throw new PipelineError(
      'AUDIO_TOO_LONG',
      `Expected at most ${MAX_AUDIO_S / 60} minutes for audio and received ${(durationS / 60).toFixed(1)} or more. Cut it into parts.`,
      { details: { durationS } },
    );
  }
}
