import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareAudio } from '../../src/media/decode/prepare-audio.ts';
import { sharp } from '../../src/media/picture/image-library.ts';
import type { Account, Talk, Upload } from './account.ts';
import { EmulatorError } from './emulator-error.ts';
import { CreateTalkBody } from './request-schemas.ts';
import type { ResultVideos } from './result-video.ts';
import type { Webhooks } from './webhooks.ts';

/** D-ID accepts larger uploads, but makes no talk of them. */
const MAX_PIXELS = 10 * 1024 * 1024;
const MAX_VOICE_S = 600;
/** Share of a talk's time before it starts. */
const QUEUE_SHARE = 0.1;

interface Voice {
  wavPath: string;
  durationS: number;
}

/** Creates talks and makes their videos. */
export class TalkService {
  readonly #folder: string;
  readonly #videos: ResultVideos;
  readonly #webhooks: Webhooks;
  readonly #voices = new Map<string, Promise<Voice>>();

  constructor(deps: { folder: string; videos: ResultVideos; webhooks: Webhooks }) {
    this.#folder = deps.folder;
    this.#videos = deps.videos;
    this.#webhooks = deps.webhooks;
  }

  async create(account: Account, json: unknown): Promise<Talk> {
    const parsed = CreateTalkBody.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new EmulatorError(400, 'BadRequestError', `${issue?.path.join('.')}: ${issue?.message}`);
    }
    const { source_url, script, config, user_data, webhook } = parsed.data;
    const stitch = config?.stitch ?? false;
    if (stitch && !account.options.hasStitch) {
      throw new EmulatorError(403, 'PermissionError', 'user has no permission for stitch');
    }
    const image = find(account.images, source_url, 'source_url');
    const { width, height } = await sharp(image.bytes).metadata();
    if (width * height > MAX_PIXELS) {
      throw new EmulatorError(400, 'InvalidFileSizeError', 'The file size is invalid');
    }
    const audio = find(account.audios, script.audio_url, 'script.audio_url');
    const voice = await this.#decode(audio);
    if (voice.durationS > MAX_VOICE_S) {
      throw new EmulatorError(400, 'InvalidAudioDurationError', 'The audio must not exceed 10 minutes');
    }
    const now = new Date();
    const talk: Talk = {
      id: `tlk_${randomUUID().replaceAll('-', '').slice(0, 20)}`,
      userData: user_data,
      image,
      audio,
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
    account.end(talk.id);
    if (fault?.kind === 'ends') {
      talk.error = { kind: fault.error, description: 'a fault of the emulator' };
      this.#change(account, talk, fault.status);
    } else if (fault?.kind === 'unknown status') {
      this.#change(account, talk, 'unheard-of');
    } else if (made instanceof Error) {
      talk.error = { kind: 'InternalError', description: made.message };
      this.#change(account, talk, 'error');
    } else {
      talk.resultPath = made;
      this.#change(account, talk, 'done');
    }
  }

  #change(account: Account, talk: Talk, status: Talk['status']): void {
    talk.status = status;
    talk.modifiedAt = new Date();
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

function find(shelf: Map<string, Upload>, url: string, field: string): Upload {
  const upload = [...shelf.values()].find((candidate) => candidate.url === url);
  if (!upload) {
    throw new EmulatorError(400, 'BadRequestError', `${field} cannot be read`);
  }
  return upload;
}

/** Does not keep the process alive. */
async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { ref: false });
}
