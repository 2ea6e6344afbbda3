import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sharp } from '../../src/media/picture/image-library.ts';
import { type Account, type Upload, USER_ID } from './account.ts';
import { EmulatorError } from './emulator-error.ts';
import { AUDIO_FIELDS, IMAGE_FIELDS } from './request-schemas.ts';

const FILE_NAME = /^[a-zA-Z0-9._-]{1,50}$/;
const MAX_IMAGE_BYTES = 10 * 1024 * 1024;
const MAX_AUDIO_BYTES = 6 * 1024 * 1024;
const MIN_SIDE_PX = 160;
const IMAGE_TYPES = new Set(['image/jpeg', 'image/png']);
/** A picture whose pixels hardly differ has no face. */
const MIN_STDEV = 2;

export async function receiveImage(account: Account, folder: string, form: FormData) {
  const file = takeFile(account, form, 'image', IMAGE_FIELDS);
  if (!IMAGE_TYPES.has(file.type)) {
    throw new EmulatorError(415, 'UnsupportedMimeTypeError', 'The provided mime type is not supported');
  }
  if (file.size > MAX_IMAGE_BYTES) {
    throw new EmulatorError(400, 'InvalidFileSizeError', 'The image must not exceed 10 MB');
  }
  const bytes = Buffer.from(await file.arrayBuffer());
  const { width, height } = await sharp(bytes)
    .metadata()
    .catch(() => {
      throw new EmulatorError(400, 'BadRequestError', 'invalid image');
    });
  if (Math.min(width, height) < MIN_SIDE_PX) {
    throw new EmulatorError(
      400,
      'InvalidImageResolutionError',
      `image resolution ${width}x${height} is too low`,
    );
  }
  const upload = await store(account.images, folder, {
    id: `img_${randomId()}`,
    name: file.name,
    bucket: 'd-id-images-prod',
    type: file.type,
    bytes,
  });
  return {
    id: upload.id,
    url: upload.url,
    ...(form.get('detect_faces') === 'true' && {
      faces: (await hasFace(bytes)) ? [toFace(width, height)] : [],
    }),
  };
}

export async function receiveAudio(account: Account, folder: string, form: FormData) {
  const file = takeFile(account, form, 'audio', AUDIO_FIELDS);
  if (!/^(audio|video)\//.test(file.type)) {
    throw new EmulatorError(415, 'UnsupportedMimeTypeError', 'The provided mime type is not supported');
  }
  if (file.size > MAX_AUDIO_BYTES) {
    throw new EmulatorError(400, 'InvalidFileSizeError', 'The audio must not exceed 6 MB');
  }
  const bytes = Buffer.from(await file.arrayBuffer());
  // D-ID converts every recording to WAV.
  const { id, url } = await store(account.audios, folder, {
    id: randomId(),
    name: file.name.replace(/(\.[^.]*)?$/, '.wav'),
    bucket: 'd-id-audios-prod',
    type: file.type,
    bytes,
  });
  return { id, url };
}

function takeFile(account: Account, form: FormData, field: string, known: string[]): File {
  const unknown = [...form.keys()].find((name) => !known.includes(name));
  if (unknown) {
    throw new EmulatorError(400, 'BadRequestError', `unknown field ${unknown}`);
  }
  const file = form.get(field);
  if (!(file instanceof File)) {
    throw new EmulatorError(400, 'BadRequestError', `${field} is required`);
  }
  if (!FILE_NAME.test(file.name)) {
    throw new EmulatorError(400, 'BadRequestError', 'invalid file name');
  }
  if (account.options.breaksOn(file)) {
    throw new EmulatorError(500, 'UnknownError', 'Internal Server Error');
  }
  return file;
}

async function store(
  shelf: Map<string, Upload>,
  folder: string,
  file: Pick<Upload, 'id' | 'name' | 'type' | 'bytes'> & { bucket: string },
): Promise<Upload> {
  const { id, name, type, bytes, bucket } = file;
  const path = join(folder, 'uploads', `${id}-${name}`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  const upload = {
    id,
    name,
    url: `s3://${bucket}/${USER_ID}/${id}/${name}`,
    path,
    bytes,
    type,
    at: new Date(),
  };
  shelf.set(id, upload);
  return upload;
}

/** 21 characters, as D-ID's ids have. */
function randomId(): string {
  return randomBytes(16).toString('base64url').slice(0, 21);
}

async function hasFace(bytes: Buffer): Promise<boolean> {
  const { channels } = await sharp(bytes).stats();
  return channels.some(({ stdev }) => stdev > MIN_STDEV);
}

function toFace(width: number, height: number) {
  const size = Math.round(Math.min(width, height) / 2);
  return { size, top_left: [Math.round((width - size) / 2), Math.round((height - size) / 2)], overlap: 'NO' };
}
