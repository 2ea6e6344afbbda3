import { rename, rm } from 'node:fs/promises';
import { clamp } from '../../clamp.ts';
import { MAX_AUDIO_S, MIN_AUDIO_S, SILENCE_DB } from '../../contracts/media-limits.ts';
import { PipelineError } from '../../errors.ts';
import type { SoundLevels } from '../audio/sound-levels.ts';
import { type Correction, createVoiceTrack, type VoiceTrack } from '../audio/voice-track.ts';
import { openWav } from '../audio/wav.ts';
import { type HeardSpeech, hearSpeech } from '../voice/hear-speech.ts';
import { readSpeechNets } from '../voice/speech-nets.ts';
import { openRecording } from './recording/open-recording.ts';
import type { SoundTrack } from './recording/sound-block.ts';

/** Voices whose loudest sample is below this are raised. */
const QUIET_DB = -26;
/** The loudest sample after that. */
const RAISED_DB = -12;
/** Noise between the words is not raised above this. */
const MAX_NOISE_DB = -50;

interface PreparedAudio {
  durationS: number;
  sampleRateHz: number;
  channels: number;
  /** Loudest sample of the recording as it was sent, in decibels relative to full scale. */
  peakDb: number;
  /** What the user should know about it, as sentences. */
  warnings: string[];
}

/** A track that was decoded. */
interface DecodedTrack {
  voice: VoiceTrack;
  speech: HeardSpeech | undefined;
  decode: SoundTrack;
}

/**
 * Decodes a recording piece by piece into a 16-bit PCM WAV with one or two channels. Of a truncated file it keeps the
 * part that can be played, of several tracks the first with speech. The length is what can be decoded, whatever the file
 * says. Quiet voices are raised; of two opposite channels one is inverted.
 * @throws PipelineError AUDIO_MISSING, AUDIO_TOO_LONG, AUDIO_TOO_SHORT, AUDIO_SILENT; MEDIA_UNSUPPORTED for other codecs;
 * MEDIA_UNDECODABLE if the file is damaged
 */
export async function prepareAudio(path: string, wavPath: string): Promise<PreparedAudio> {
  try {
    using recording = await openRecording(path);
    const track = await chooseTrack(recording.tracks, wavPath);
    const { voice, speech } = track;
    const correction = correctionOf(track);
    if (correction) {
      const corrected = await decodeInto(wavPath, track.decode, correction);
      await corrected?.[Symbol.asyncDispose]();
    }
    return {
      durationS: voice.durationS(),
      sampleRateHz: voice.sampleRateHz,
      channels: voice.channels,
      peakDb: toDb(voice.levels().peak),
      warnings: warningsOf(speech, toDb(correction?.gain ?? 1)),
    };
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

/** Decodes one track after the other until one has speech. Without any, the first that has sound is kept. */
async function chooseTrack(tracks: SoundTrack[], wavPath: string): Promise<DecodedTrack> {
  const candidatePath = `${wavPath}.track`;
  let kept: DecodedTrack | undefined;
  let refusal: unknown;
  try {
    for (const decode of tracks) {
      try {
        const voice = await decodeInto(candidatePath, decode);
        requireSound(voice);
        const speech = await hear(candidatePath, voice.levels());
        if (!kept || speech) {
          kept = { voice, speech, decode };
          await rename(candidatePath, wavPath);
        }
      } catch (error) {
        refusal ??= error;
      }
      if (kept?.speech) {
        break;
      }
    }
  } finally {
    await rm(candidatePath, { force: true });
  }
  if (!kept) {
    throw refusal;
  }
  return kept;
}

async function decodeInto(
  wavPath: string,
  decode: SoundTrack,
  correction?: Correction,
): Promise<VoiceTrack | undefined> {
  let voice: VoiceTrack | undefined;
  try {
    for await (const { sampleRateHz, channels } of decode()) {
      voice ??= await createVoiceTrack(wavPath, { sampleRateHz, channels: channels.length }, correction);
      await voice.add({ sampleRateHz, channels });
      requireLength(voice.durationS());
    }
    await voice?.finish();
    return voice;
  } catch (error) {
    await voice?.[Symbol.asyncDispose]();
    throw error;
  }
}

let nets: ReturnType<typeof readSpeechNets> | undefined;

async function hear(wavPath: string, levels: SoundLevels): Promise<HeardSpeech | undefined> {
  nets ??= readSpeechNets();
  await using wav = await openWav(wavPath);
  return await hearSpeech(wav, (await nets).voice, levels);
}

function correctionOf({ voice, speech }: DecodedTrack): Correction | undefined {
  const { peak, isOpposite } = voice.levels();
  const isQuiet = speech && toDb(peak) < QUIET_DB;
  const gainDb = isQuiet ? clamp(MAX_NOISE_DB - speech.floorDb, 0, RAISED_DB - toDb(peak)) : 0;
  return gainDb > 0 || isOpposite ? { gain: 10 ** (gainDb / 20), isInverted: isOpposite } : undefined;
}

function warningsOf(speech: HeardSpeech | undefined, gainDb: number): string[] {
  if (!speech) {
    return [
      'No speech was heard in the recording, so the mouth may stay still. Check the microphone, or send a recording of a voice.',
    ];
  }
  return gainDb > 0
    ? [
        `The voice is very quiet and was raised by ${gainDb.toFixed(0)} dB. Speak closer to the microphone for a clearer sound.`,
      ]
    : [];
}

function requireSound(voice: VoiceTrack | undefined): asserts voice is VoiceTrack {
  const durationS = voice?.durationS() ?? 0;
  if (!voice || durationS < MIN_AUDIO_S) {
    throw new PipelineError(
      'AUDIO_TOO_SHORT',
      `Expected at least ${MIN_AUDIO_S} seconds of sound for audio, but received ${durationS.toFixed(2)}. Send a longer recording.`,
      { details: { durationS } },
    );
  }
  const swingDb = toDb(voice.levels().swing);
  if (swingDb < SILENCE_DB) {
    throw new PipelineError(
      'AUDIO_SILENT',
      `Expected a voice for audio, but received silence: its peak is ${toText(swingDb)}, below ${SILENCE_DB} dB of full scale. Check the microphone and record again.`,
      { details: { durationS } },
    );
  }
}

function toDb(level: number): number {
  return 20 * Math.log10(level);
}

function toText(db: number): string {
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
