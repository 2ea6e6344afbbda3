import type { GateState } from '../contracts/provider-gate.ts';
import type { Box } from '../contracts/schemas/job-outcome.ts';
import type { FaceCheck } from '../contracts/schemas/photo-preview.ts';

/** Local files of the same size. */
export interface PortraitFiles {
  /** The person on the background: what the first frame shows. */
  portraitPath: string;
  /** One channel, 255 where the person is. */
  maskPath: string;
}

/** People in a photo of which perhaps no portrait is made yet. */
export interface FacesRequest {
  photoPath: string;
  /** A box for each person, in pixels of this file. */
  people: Box[];
  /** How many times larger the photo is that would be animated. */
  scale: number;
}

/** Local files of one talk. All pictures are of the same size. */
export interface TalkRequest extends PortraitFiles {
  /** Names the talk, and seeds its motion: the same request gives the same frames. */
  requestId: string;
  /** The background alone, for providers that move the person in front of it. */
  platePath: string;
  /** Whether the plate shows the person too (`background=original`): a person who moves in front of it would have a double edge. */
  plateShowsPerson: boolean;
  /** Whether the background is transparent. The video is then a WebM with alpha. */
  isTransparent?: boolean;
  /** Pixels on the long side of the video. Small photos get fewer. Default: a setting of the renderer. */
  longSidePx?: number;
  /** 16-bit PCM WAV. */
  voicePath: string;
  /**
   * Where the parts of the talk are written (`talk-parts.ts`). Parts from an earlier attempt at the same talk are used, not
   * made again. Default: a temporary folder.
   */
  partsFolder?: string;
}

export interface TalkProgress {
  /** Frames done. */
  frame: number;
  /** Frames in total. */
  frames: number;
}

export interface RenderedTalk {
  widthPx: number;
  heightPx: number;
  durationS: number;
  /** Messages for people, such as that the face is small. */
  warnings: string[];
}

/** Makes a talking video of a portrait and a voice on this machine, in one call. */
export interface VideoProvider {
  readonly name: string;
  /**
   * Writes an MP4 (H.264, AAC, index in front), or a WebM (VP9 with alpha, Opus), to `videoPath`. Idempotent. Rejects with
   * FACE_NOT_FOUND or FACE_UNSUITABLE if the portrait cannot be animated, and with the signal's reason when aborted. Nothing
   * runs on after it has settled.
   */
  render(
    request: TalkRequest,
    videoPath: string,
    options: { signal: AbortSignal; onProgress: (progress: TalkProgress) => void },
  ): Promise<RenderedTalk>;
  /**
   * For remote providers, before anything is paid: rejects with FACE_UNSUITABLE if something covers the mouth. Everything
   * else is the remote provider's decision.
   */
  checkPortrait(portrait: PortraitFiles, options: { signal: AbortSignal }): Promise<void>;
  /** Whether the face of each person can be animated, in the order of the request. Boxes are in pixels of the file. */
  checkFaces(request: FacesRequest, options: { signal: AbortSignal }): Promise<FaceCheck[]>;
}

/** A file at a remote provider: its URL there, and the id to delete it by, if it got one. */
export interface RemoteUpload {
  id?: string;
  url: string;
}

export interface RemoteTalk {
  talkId: string;
  state: 'waiting' | 'working' | 'done';
  /** The provider's own name for the state. */
  status: string;
  /** Messages for people about the video, such as that it has a watermark. */
  warnings?: string[];
}

/**
 * Makes talking videos elsewhere, for money. A talk outlives our process, so a workflow makes it in steps and remembers
 * each. `test/suites/video-provider.ts` proves the promises of both kinds, `test/suites/remote-provider.ts` those of whole
 * jobs.
 *
 * Every call rejects with PROVIDER_UNAVAILABLE if the provider is unreachable, overloaded or broken (with `retryAfterMs` if
 * it says when to retry), with PROVIDER_UNAUTHORIZED if it does not accept the key, and with PROVIDER_RESPONSE_INVALID if
 * its answer does not have the expected form. `details.status` is the HTTP status of an answer. A 5xx of an upload and a 409
 * of an order concern only their own job, as long as `readCredits` succeeds.
 */
export interface RemoteVideoProvider {
  readonly name: string;
  /** Returns zeros for an account that never had credits. */
  readCredits(): Promise<{ remaining: number; total: number }>;
  /**
   * Fits the picture to the provider's limits. Rejects with FACE_NOT_FOUND if the provider finds no face, so that no such
   * talk is paid, and with PROVIDER_REFUSED if it does not accept the picture. After a rejection nothing stays there.
   *
   * @param requestId a UUID by which `findTalk` may find the talk that is made of the picture
   */
  uploadPortrait(path: string, requestId: string): Promise<RemoteUpload>;
  /**
   * Rejects with AUDIO_TOO_LONG, before anything is sent if the limit is known, and with PROVIDER_REFUSED if the voice is
   * not accepted.
   */
  uploadVoice(path: string): Promise<RemoteUpload>;
  /**
   * Sends one request, and pays. After PROVIDER_AMBIGUOUS a talk may exist: `findTalk` finds it, at times only seconds
   * later. After every other rejection there is none: PROVIDER_CREDITS_EXHAUSTED, PROVIDER_UPLOAD_MISSING if the provider
   * cannot read the uploads (any more), PROVIDER_REFUSED and those of every call.
   *
   * @returns with warnings for people if the video will differ from the order
   */
  createTalk(request: {
    requestId: string;
    portraitUrl: string;
    voiceUrl: string;
  }): Promise<{ talkId: string; warnings?: string[] }>;
  /**
   * The first talk that was created for this request. None is older than `createdSince` (ISO 8601), so a long list need not
   * be read to its end. Rejects with PROVIDER_RESPONSE_INVALID if the list is too long to search.
   */
  findTalk(requestId: string, createdSince?: string): Promise<{ talkId: string } | undefined>;
  /**
   * Rejects with PROVIDER_TALK_FAILED, PROVIDER_REFUSED, FACE_NOT_FOUND or PROVIDER_TALK_MISSING if no video will come.
   * `details.isRefunded` is true if the provider promises to return the credits.
   */
  readTalk(talkId: string): Promise<RemoteTalk>;
  /**
   * Downloads the video of a talk that is done. Resumes after a broken connection. Rejects with PROVIDER_RESULT_EXPIRED if
   * the provider no longer gives the video out.
   */
  download(talkId: string, videoPath: string, signal: AbortSignal): Promise<void>;
  /** Succeeds if there is nothing to delete. Rejects with PROVIDER_BUSY while the provider works on it. */
  delete(what: 'talk' | 'portrait' | 'voice', id: string): Promise<void>;
}

/** The state of the jobs at a provider. Both calls reject with TEMPORAL_UNAVAILABLE if no answer comes in time. */
export interface ProviderGateClient {
  /** Whether jobs are held, and how many are at the provider. `undefined` before the first job. */
  state(): Promise<GateState | undefined>;
  /** Makes the job check its talk now. Does nothing if the job has ended or never existed. */
  hint(taskId: string): Promise<void>;
}
