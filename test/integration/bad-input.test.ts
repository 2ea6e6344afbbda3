import { execFile } from 'node:child_process';
import { openAsBlob } from 'node:fs';
import { mkdtemp, mkdtempDisposable, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CoverName } from '../../scripts/models-eval/draw-cover.ts';
import type { CoverKind, FaceRefusal } from '../../src/contracts/face-refusals.ts';
import type { TaskResult } from '../../src/contracts/schemas/job-outcome.ts';
import type { TaskStatus } from '../../src/contracts/schemas/task-status.ts';
import { isTerminal, type Stage } from '../../src/contracts/stages.ts';
import { makeFieldPhotos } from '../harness/field-photos.ts';
import { listFiles } from '../harness/media-kinds.ts';
import { needs } from '../harness/needs.ts';
import { PICTURE_KINDS } from '../harness/pictures/picture-kinds.ts';
import { RECORDING_KINDS } from '../harness/recordings/recording-kinds.ts';
import { mediaDir } from '../harness/shared-media.ts';
import { startWorkerStack, type WorkerStack } from '../harness/stack/worker-stack.ts';

/**
 * The HTTP status of a refusal, or the code of a FAILED task, or that photo and voice were found in order, or that they
 * became a video.
 */
type End = number | string;
const IN_ORDER = 'in order';
const VIDEO = 'a video';

const COVER_PHOTO = join(import.meta.dirname, '../harness/cover-photo-apart.ts');

const PHOTOS: Record<string, End> = {
  'edge/65536-uint32-limit.png': 'IMAGE_TOO_LARGE',
  'edge/HMD_Nokia_8.3_5G.jpg': 'PERSON_NOT_FOUND',
  'edge/animated-loop-3.gif': 'PERSON_NOT_FOUND',
  'edge/animated-loop-3.webp': 'PERSON_NOT_FOUND',
  'edge/broken_data_stream.png': 'MEDIA_UNDECODABLE',
  'edge/cmyk.jpg': 'FACE_UNSUITABLE',
  'edge/corrupt-header.jpg': 'MEDIA_UNDECODABLE',
  'edge/decompression_bomb.gif': 'MEDIA_UNDECODABLE',
  'edge/example.heic': 'PERSON_NOT_FOUND',
  'edge/exif_Landscape_6.jpg': 'PERSON_NOT_FOUND',
  'edge/exif_Portrait_6.jpg': 'FACE_NOT_FOUND',
  'edge/hopper.avif': IN_ORDER,
  'edge/hopper_gray.jpg': IN_ORDER,
  'edge/truncated_pillow.jpg': 'PERSON_NOT_FOUND',
  'edge/truncated_zidane.jpg': 'MEDIA_UNDECODABLE',
  'field/avatar-200.jpg': VIDEO,
  'field/avatar-400.jpg': VIDEO,
  'field/face-fills-picture.jpg': VIDEO,
  'field/messenger-quality.jpg': VIDEO,
  'field/sideways-no-tag.jpg': VIDEO,
  'field/very-dark.jpg': VIDEO,
  'no-person/boat.jpg': 'FACE_UNSUITABLE',
  'no-person/car-1.jpg': 'FACE_NOT_FOUND',
  'no-person/chelsea_cat.png': 'PERSON_NOT_FOUND',
  'no-person/coffee.png': 'PERSON_NOT_FOUND',
  'no-person/plants-1.jpg': 'PERSON_NOT_FOUND',
};

/** What is drawn over the mouth, or nothing where the photo has a cover already, and what it is called. */
const COVERED: Array<[cover: CoverName | undefined, photo: string, by: CoverKind]> = [
  [undefined, 'field/medical-mask.jpg', 'mask'],
  ['surgical mask', 'people/obama.jpg', 'mask'],
  ['scarf', 'people/u2_man.jpg', 'mask'],
  ['microphone', 'people/obama.jpg', 'object'],
  ['microphone', 'people/u2_man.jpg', 'object'],
  ['hand', 'people/obama.jpg', 'hand'],
];
/** On a machine that is busy with other tests. */
const TWO_VIDEOS_MS = 120_000;

const TURNED = /lay on its side|upside down/;
const SMALL = /The face is small/;

/** Kinds of `makeFieldPhotos` with what their videos warn of. */
const MADE_PHOTOS: Record<string, RegExp[]> = {
  'on its left side': [TURNED],
  'on its right side': [TURNED],
  'upside down': [TURNED],
  'an avatar of 150 pixels': [SMALL],
  'a face that takes 85 % of the height': [],
  dark: [],
  'washed out': [],
  'messenger quality': [],
  'a face of 55 pixels': [SMALL],
};

const RECORDINGS: Record<string, End> = {
  'edge/incomplete.mp3': IN_ORDER,
  'edge/not_audio_bus.wav': 415,
  'edge/test1_empty.wav': 'AUDIO_TOO_SHORT',
  'edge/truncated_jfk.wav': IN_ORDER,
  'edge/wrong_extension.aac': IN_ORDER,
};

/** Recordings of every kind that people really have: those of `media/field`, and more that are made here. */
const KINDS = listFiles(RECORDING_KINDS);
const toEnd = (expected: (typeof KINDS)[number]['expected']) =>
  typeof expected === 'string' ? expected : IN_ORDER;

needs('MODELS_DIR', 'MEDIA_DIR').describe('bad input', () => {
  let stack: WorkerStack;
  let madePhotos: ReturnType<typeof makeFieldPhotos>;
  let shortVoice: Blob;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
    stack = await startWorkerStack();
    madePhotos = makeFieldPhotos(mediaDir!);
    const bytes = await readFile(join(mediaDir!, 'audio/jfk.wav'));
    // The sizes in its header are those of the whole file, as if it had been cut off.
    shortVoice = new Blob([bytes.subarray(0, 60_000)]);
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it('has an expectation for every file', async () => {
    const files = await Promise.all(
      ['edge', 'no-person'].map(async (folder) =>
        (await readdir(join(mediaDir ?? '', folder))).map((name) => `${folder}/${name}`),
      ),
    );
    const rows = Object.keys({ ...PHOTOS, ...RECORDINGS }).filter((name) => !name.startsWith('field/'));
    expect(rows.sort()).toEqual(files.flat().sort());
  });

  it.each(Object.entries(PHOTOS))('the photo %s ends as %s', async (photo, end) => {
    await expectEnd(photo, 'audio/jfk.wav', end);
  });

  for (const { fault, name, expected, make } of listFiles(PICTURE_KINDS)) {
    const end = typeof expected === 'string' ? expected : IN_ORDER;
    it(`the photo ${name}, ${fault}, ends as ${end}`, async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'picture-'));
      const path = join(folder.path, basename(name));
      if (make) {
        await writeFile(path, await make());
      }
      await expectEnd(make ? path : name, 'audio/jfk.wav', end);
    });
  }

  it.each(COVERED)('a %s over the mouth of %s ends as FACE_UNSUITABLE, by name', async (cover, photo, by) => {
    const path = join(mediaDir ?? '', photo);
    await using folder = await mkdtempDisposable(join(tmpdir(), 'covered-'));
    const covered = join(folder.path, 'covered.png');
    if (cover) {
      // In another process: the stack in this one no longer reads SVG.
      await promisify(execFile)(process.execPath, [COVER_PHOTO, path, cover, covered]);
    }
    const { error } = await expectEnd(cover ? covered : photo, 'audio/jfk.wav', 'FACE_UNSUITABLE');
    expect(error).toMatchObject({ face: { reason: 'covered', by } });
  });

  it.each(Object.entries(MADE_PHOTOS))(
    'two photos %s become videos',
    async (kind, told) => {
      const photos = (await madePhotos).filter(({ name }) => name.startsWith(`${kind}, `));
      expect(photos).toHaveLength(2);
      for (const { name, jpeg } of photos) {
        const form = toForm({ long_side_px: '512' });
        form.set('image', new Blob([Uint8Array.from(jpeg)]), 'photo.jpg');
        form.set('audio', shortVoice, 'voice.wav');
        const { result, error } = await untilKnown((await submit(form)).task_id);
        expect(error, name).toBeUndefined();
        expect(result?.metadata, name).toMatchObject({
          warnings: told.map((warning) => expect.stringMatching(warning)),
        });
      }
    },
    TWO_VIDEOS_MS,
  );

  it.each(Object.entries(RECORDINGS))('the recording %s ends as %s', async (recording, end) => {
    await expectHeard(recording, end);
  });

  for (const { name, fault, expected, make } of KINDS) {
    const title = `${fault}: ${name} ends as ${toEnd(expected)}`;
    if (make) {
      needs('ffmpeg').it(title, async () => {
        const path = join(folder, basename(name));
        make(path);
        await expectHeard(path, toEnd(expected));
      });
    } else {
      it(title, () => expectHeard(name, toEnd(expected)));
    }
  }

  it('restarts no decoding or detecting process', () => {
    // The others are replaced where what was in order is cancelled.
    const slots = [stack.io.slots.media, stack.gpu.slots.yolo].flatMap((pool) => pool?.snapshot() ?? []);
    expect(slots.map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
  });

  /** With a photo whose task then waits for a choice, so that its cancellation stops no process. */
  function expectHeard(recording: string, end: End): Promise<Partial<Status>> {
    return expectEnd('people/two_people.jpg', recording, end, { persons: 'ask' });
  }

  /** Names are of files in MEDIA_DIR, or absolute. */
  async function expectEnd(
    photo: string,
    recording: string,
    end: End,
    options: Record<string, string> = {},
  ): Promise<Partial<Status>> {
    let status: Status | undefined;
    const form = toForm({ long_side_px: '512', ...options });
    for (const [field, name] of Object.entries({ image: photo, audio: recording })) {
      form.set(field, await openAsBlob(resolve(mediaDir ?? '', name)), basename(name));
    }
    if (end === VIDEO) {
      form.set('audio', shortVoice, 'voice.wav');
    }
    const answer = await post(form);
    const body = (await answer.json()) as { task_id: string; status: number; detail: string };
    if (typeof end === 'number') {
      expect(answer.status).toBe(end);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(body.detail.length).toBeGreaterThan(20);
    } else {
      expect(answer.status).toBe(202);
      status = await untilKnown(body.task_id, end === IN_ORDER ? hasFoundPeople : undefined);
      if (end === IN_ORDER) {
        expect(status.progress_percent).toBeGreaterThanOrEqual(20);
        await fetch(`${stack.apiUrl}/api/pipeline/tasks/${body.task_id}/cancel`, { method: 'POST' });
        await untilKnown(body.task_id);
      } else if (end === VIDEO) {
        expect(status).toMatchObject({ stage: 'COMPLETED' });
        return status;
      } else {
        expect(status).toMatchObject({ stage: 'FAILED', error: { code: end } });
        expect(status.error?.message.length).toBeGreaterThan(20);
      }
    }
    expect(await keysOf(body.task_id)).toEqual(
      typeof end === 'number' ? [] : [`videos/${body.task_id}/metadata.json`],
    );
    return status ?? {};
  }

  interface Status {
    stage: Stage;
    progress_percent: number;
    choice?: TaskStatus['choice'];
    error?: { code: string; message: string; face?: FaceRefusal };
    result?: TaskResult;
  }

  function toForm(fields: Record<string, string>): FormData {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      form.set(name, value);
    }
    return form;
  }

  function post(form: FormData): Promise<Response> {
    return fetch(`${stack.apiUrl}/api/pipeline/generate`, { method: 'POST', body: form });
  }

  async function submit(form: FormData): Promise<{ task_id: string }> {
    const answer = await post(form);
    expect(answer.status).toBe(202);
    return (await answer.json()) as { task_id: string };
  }

  async function statusOf(taskId: string): Promise<Status> {
    return (await (await fetch(`${stack.apiUrl}/api/pipeline/status/${taskId}`)).json()) as Status;
  }

  function hasFoundPeople({ choice, progress_percent }: Status): boolean {
    return choice !== undefined || progress_percent >= 40;
  }

  /** Until the task has ended or is as far as that. */
  async function untilKnown(
    taskId: string,
    isKnown: (status: Status) => boolean = () => false,
  ): Promise<Status> {
    for (;;) {
      const status = await statusOf(taskId);
      if (isTerminal(status.stage) || isKnown(status)) return status;
      await sleep(20);
    }
  }

  async function keysOf(taskId: string | undefined): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of stack.store.list('')) {
      if (taskId === undefined || key.includes(taskId)) keys.push(key);
    }
    return keys;
  }
});
