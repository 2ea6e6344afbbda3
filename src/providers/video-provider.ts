import type { ProviderName } from '../contracts/job.ts';

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
  /** 16-bit PCM WAV. */
  voicePath: string;
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

/** Makes a talking video out of a portrait and a voice. */
export interface VideoProvider {
  readonly name: ProviderName;
  /**
   * Writes an MP4 (H.264, AAC, index in front) to `videoPath`. Repeating it is harmless.
   * Rejects with FACE_NOT_FOUND or FACE_UNSUITABLE where the portrait cannot be animated, and with the signal's reason
   * when aborted; nothing of it runs on after either.
   */
  render(
    request: TalkRequest,
    videoPath: string,
    options: { signal: AbortSignal; onProgress: (progress: TalkProgress) => void },
  ): Promise<RenderedTalk>;
}
