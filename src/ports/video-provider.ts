import type { GateState } from '../contracts/provider-gate.ts';

/** Local files of one talk. Pictures are of the same size; the mask is one channel, 255 where the person is. */
export interface TalkRequest {
  /** Names the talk, and seeds its motion: the same request gives the same frames. */
  requestId: string;
  /** The person on the background: what the first frame shows. */
  portraitPath: string;
  /** The background alone, for providers that move the person before it. */
  platePath: string;
  maskPath: string;
  /** Whether the plate shows the person too (`background=original`): what moves before it would show a double edge. */
  plateShowsPerson: boolean;
  /** Whether nothing is to stand behind the person: the video is a WebM with alpha then. */
  isTransparent?: boolean;
  /** 16-bit PCM WAV. */
  voicePath: string;
  /**
   * Where the talk grows part by part (`talk-parts.ts`): empty, or with what an earlier attempt at the same talk left,
   * which is then not made again. Default: a folder of its own that is gone in the end.
   */
  partsFolder?: string;
}

export interface TalkProgress {
  /** Frames done and in all. */
  frame: number;
  frames: number;
}

export interface RenderedTalk {
  widthPx: number;
  heightPx: number;
  durationS: number;
  /** What the person may want to know, in words. */
  warnings: string[];
}

/** Makes a talking video out of a portrait and a voice, here and in one call: the talk ends with the process. */
export interface VideoProvider {
  readonly name: string;
  /**
   * Writes an MP4 (H.264, AAC, index in front), or a WebM (VP9 with alpha, Opus), to `videoPath`. Repeating it is harmless.
   * Rejects with FACE_NOT_FOUND or FACE_UNSUITABLE where the portrait cannot be animated, and with the signal's reason
   * when aborted; nothing of it runs on after either.
   */
  render(
    request: TalkRequest,
    videoPath: string,
    options: { signal: AbortSignal; onProgress: (progress: TalkProgress) => void },
  ): Promise<RenderedTalk>;
}

/** What was handed to a remote provider: its URL there, and the name to delete it by where it got one. */
export interface RemoteUpload {
  id?: string;
  url: string;
}

export interface RemoteTalk {
  talkId: string;
  state: 'waiting' | 'working' | 'done';
  /** The provider's own word for it. */
  status: string;
}

/**
 * Makes talking videos elsewhere, for money: a talk outlives our process, so it is made in steps that a workflow takes
 * and remembers. `test/suites/video-provider.ts` proves the promises of both kinds.
 *
 * Every call rejects with PROVIDER_UNAVAILABLE where the far side is out of reach, overloaded or broken (with
 * `retryAfterMs` where it says when to come back), with PROVIDER_UNAUTHORIZED where it does not take the key, and with
 * PROVIDER_RESPONSE_INVALID where it answers in words that are not known.
 */
export interface RemoteVideoProvider {
  readonly name: string;
  readCredits(): Promise<{ remaining: number; total: number }>;
  /**
   * Fits the picture to the provider's limits. Rejects with FACE_NOT_FOUND where the provider sees no face, so that
   * nothing is paid for such a talk, and with PROVIDER_REFUSED where it does not take the picture; nothing stays there.
   */
  uploadPortrait(path: string): Promise<RemoteUpload>;
  /** Rejects with AUDIO_TOO_LONG before anything is sent, with PROVIDER_REFUSED where it does not take the voice. */
  uploadVoice(path: string): Promise<RemoteUpload>;
  /**
   * Asks once, and pays. PROVIDER_AMBIGUOUS leaves open whether there is a talk now: `findTalk` tells, seconds later
   * at times. Every other rejection says that there is none: PROVIDER_CREDITS_EXHAUSTED, PROVIDER_REFUSED and those
   * of every call.
   */
  createTalk(request: {
    requestId: string;
    portraitUrl: string;
    voiceUrl: string;
  }): Promise<{ talkId: string }>;
  /**
   * The talk that was created for this request, the first one. Where `createdSince` is given (ISO 8601) there was none
   * before, so that a long list need not be read to its end. Rejects with PROVIDER_RESPONSE_INVALID where the list has no
   * end in sight: then nobody knows.
   */
  findTalk(requestId: string, createdSince?: string): Promise<{ talkId: string } | undefined>;
  /** Rejects with PROVIDER_TALK_FAILED, PROVIDER_REFUSED, FACE_NOT_FOUND or PROVIDER_TALK_MISSING where no video will come. */
  readTalk(talkId: string): Promise<RemoteTalk>;
  /** Writes the video of a talk that is done. A connection that breaks is taken up where it broke. */
  download(talkId: string, videoPath: string, signal: AbortSignal): Promise<void>;
  /** What is not there is deleted already. PROVIDER_BUSY while the provider works on it. */
  delete(what: 'talk' | 'portrait' | 'voice', id: string): Promise<void>;
}

/** The state of the jobs at a provider. Both calls reject with TEMPORAL_UNAVAILABLE if no answer comes in time. */
export interface ProviderGateClient {
  /** Whether jobs are held, and how many are at the provider. `undefined` before the first job. */
  state(): Promise<GateState | undefined>;
  /** Makes the job check its talk now. Does nothing if the job has ended or never existed. */
  hint(taskId: string): Promise<void>;
}
