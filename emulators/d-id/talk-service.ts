import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { prepareAudio } from '../../src/media/decode/prepare-audio.ts';
import { sharp } from '../../src/media/picture/image-library.ts';
import { type Account, type Talk, type Upload, USER_ID } from './account.ts';
import { EmulatorError } from './emulator-error.ts';
import { CreateTalkBody } from './request-schemas.ts';
import type { ResultVideos } from './result-video.ts';
import type { Webhooks } from './webhooks.ts';

/** D-ID accepts larger uploads, but makes no talk of them. */
const MAX_PIXELS = 10 * 1024 * 1024;
const MAX_VOICE_S = 600;
const DAY_MS = 24 * 3_600_000;
/** Folder of the user's files. */
const USER_PATH = encodeURIComponent(USER_ID);
/** Share of a talk's time before it starts. */
const QUEUE_SHARE = 0.1;

interface Voice {
  wavPath: string;
  durationS: number;
}

interface TalkServiceDeps {
  folder: string;
  videos: ResultVideos;
  webhooks: Webhooks;
  /** The presigned URL of a file in D-ID's bucket. */
  toSignedUrl: (path: string, expires: Date) => string;
}

/** Creates talks and makes their videos. */
export class TalkService {
  readonly #folder: string;
  readonly #videos: ResultVideos;
  readonly #webhooks: Webhooks;
  readonly #toSignedUrl: TalkServiceDeps['toSignedUrl'];
  readonly #voices = new Map<string, Promise<Voice>>();

  constructor(deps: TalkServiceDeps) {
    this.#folder = deps.folder;
    this.#videos = deps.videos;
    this.#webhooks = deps.webhooks;
    this.#toSignedUrl = deps.toSignedUrl;
  }

  async create(account: Account, json: unknown): Promise<Talk> {
    const parsed = CreateTalkBody.safeParse(json);
    if (!parsed.success) {
      throw new EmulatorError(400, 'ValidationError', 'validation failed', {
        details: toDetails(parsed.error),
      });
    }
    const { source_url, script, config, user_data, webhook } = parsed.data;
    const stitch = config?.stitch ?? false;
    if (stitch && !account.options.hasStitch) {
      throw new EmulatorError(403, 'PermissionError', 'user has no permission for stitch');
    }
    const image = find(account, account.images, source_url);
    const { width, height } = await sharp(image.bytes).metadata();
    if (width * height > MAX_PIXELS) {
      throw new EmulatorError(400, 'InvalidFileSizeError', 'The file size is invalid');
    }
    const audio = find(account, account.audios, script.audio_url);
    const voice = await this.#decode(audio);
    if (voice.durationS > MAX_VOICE_S) {
      throw new EmulatorError(400, 'InvalidAudioDurationError', 'The audio must not exceed 10 minutes');
    }
    const now = new Date();
    const id = `tlk_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
    const expires = new Date(now.getTime() + DAY_MS);
    const talk: Talk = {
      id,
      userData: user_data,
      image,
      audio,
      sourceUrl: this.#toSignedUrl(`${USER_PATH}/${id}/source/${image.name}`, expires),
      audioUrl: this.#toSignedUrl(`${USER_PATH}/${id}/${audio.name}`, expires),
      voiceS: voice.durationS,
      stitch,
      webhook,
      createdAt: now,
      modifiedAt: now,
      status: 'created',
    };
    if (!account.pay(talk)) {
      throw new EmulatorError(402, 'InsufficientCreditsError', 'not enough credits');
    }
    account.talks.set(talk.id, talk);
    void this.#work(account, talk, voice);
    return talk;
  }

  async #work(account: Account, talk: Talk, voice: Voice): Promise<void> {
    const fault = account.options.faults('talk');
    const talkMs = account.options.talkMs(talk.voiceS);
    await pause(talkMs * QUEUE_SHARE);
    talk.startedAt = new Date();
    this.#change(account, talk, 'started');
    const video = this.#videos.make(talk.image, voice.wavPath, talk.stitch).catch((error: Error) => error);
    await pause(talkMs * (1 - QUEUE_SHARE));
    if (fault?.kind === 'stuck') {
      await pause(fault.ms);
    }
    const made = await video;
    if (fault?.kind === 'ends') {
      talk.error = { kind: fault.error, description: 'a fault of the emulator' };
      this.#change(account, talk, fault.status);
    } else if (fault?.kind === 'unknown status') {
      this.#change(account, talk, 'unheard-of');
    } else if (made instanceof Error) {
      talk.error = { kind: 'UnknownError', description: made.message };
      this.#change(account, talk, 'error');
    } else {
      const expires = new Date(Date.now() + account.options.resultLifeS * 1000);
      const path = `${USER_PATH}/${talk.id}/${toStem(talk.image.name)}.mp4`;
      talk.result = { path: made, url: this.#toSignedUrl(path, expires) };
      this.#change(account, talk, 'done');
    }
  }

  #change(account: Account, talk: Talk, status: Talk['status']): void {
    talk.status = status;
    talk.modifiedAt = new Date();
    if (status !== 'started') {
      account.end(talk);
    }
    this.#webhooks.send(account, talk);
  }

  #decode(audio: Upload): Promise<Voice> {
    const name = createHash('sha256').update(audio.bytes).digest('hex');
    const wavPath = join(this.#folder, `${name}.wav`);
    let voice = this.#voices.get(name);
    if (!voice) {
      voice = prepareAudio(audio.path, wavPath).then(
        ({ durationS }) => ({ wavPath, durationS }),
        () => {
          throw new EmulatorError(400, 'BadRequestError', 'invalid audio');
        },
      );
      this.#voices.set(name, voice);
    }
    return voice;
  }
}

function find(account: Account, shelf: Map<string, Upload>, url: string): Upload {
  const upload = account.findUpload(shelf, url);
  if (!upload) {
    // Seen in a forum post. Expired uploads get the same answer.
    const description = `cannot validate ${url} - may be corrupted or does not exist`;
    throw new EmulatorError(400, 'BadRequestError', description);
  }
  return upload;
}

/** "{"body.script": {"message": "'script' is required"}}", as in a forum post. */
function toDetails({ issues }: z.ZodError): Record<string, { message: string }> {
  return Object.fromEntries(issues.map(({ path, message }) => [['body', ...path].join('.'), { message }]));
}

function toStem(name: string): string {
  return name.replace(/\.[^.]*$/, '');
}

/** Does not keep the process alive. */
async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { ref: false });
}
