import { MAX_AUDIO_S, MIN_AUDIO_S } from '../../contracts/media-limits.ts';
import { PipelineError } from '../../errors.ts';
import { createVoiceTrack, type VoiceTrack } from '../audio/voice-track.ts';
import { openRecording, type Recording } from './decode-recording.ts';

/** Recordings whose loudest sample is below this, relative to full scale, are silent. */
const SILENCE_DB = -60;

interface PreparedAudio {
  durationS: number;
  sampleRateHz: number;
  channels: number;
  /** Loudest sample, in decibels relative to full scale. */
  peakDb: number;
}

/**
 * Decodes a recording piece by piece into a 16-bit PCM WAV with one or two channels. Of a truncated file it keeps the
 * part that can be played.
 * @throws PipelineError AUDIO_MISSING, AUDIO_TOO_LONG, AUDIO_TOO_SHORT, AUDIO_SILENT; MEDIA_UNSUPPORTED for other codecs;
 * MEDIA_UNDECODABLE if the file is damaged
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
      'The recording in audio cannot be decoded: it is damaged, or in a rare format. Save it again as WAV or MP3 and send that.',
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
      `Expected at least ${MIN_AUDIO_S} seconds of sound for audio, but received ${durationS.toFixed(2)}. Send a longer recording.`,
      { details: { durationS } },
    );
  }
  if (peakDb < SILENCE_DB) {
    throw new PipelineError(
      'AUDIO_SILENT',
      `Expected a voice for audio, but received silence: its peak is ${toDecibels(peakDb)}, below ${SILENCE_DB} dB of full scale. Check the microphone and record again.`,
      { details: { durationS } },
    );
  }
  return { durationS, sampleRateHz: voice.sampleRateHz, channels: voice.channels, peakDb };
}

function toDecibels(db: number): string {
  return Number.isFinite(db) ? `${db.toFixed(0)} dB` : 'digital silence';
}

function requireLength(durationS: number): void {
  if (durationS > MAX_AUDIO_S) {
    throw new PipelineError(
      'AUDIO_TOO_LONG',
      `Expected at most ${MAX_AUDIO_S / 60} minutes for audio, but received ${(durationS / 60).toFixed(1)} or more. Split the recording.`,
      { details: { durationS } },
    );
  }
}
