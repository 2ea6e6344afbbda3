import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { API_LIMITS, toUploadRules } from '../../src/api/submit/limits.ts';
import type { FormRequest } from '../../src/api/submit/multipart.ts';
import { receiveForm } from '../../src/api/submit/multipart.ts';
import { asScratchFolder } from '../../src/storage/scratch-folder.ts';
import { jobForm, PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { needs } from '../harness/needs.ts';
import { runOnSmallDisk } from '../harness/small-disk.ts';

const rules = toUploadRules({
  ...API_LIMITS,
  imageBytes: 200_000,
  audioBytes: 400_000,
  backgroundImageBytes: 1000,
});
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limelight-multipart-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function toRequest(form: FormData): Promise<FormRequest & { bytes: Buffer }> {
  const response = new Response(form);
  const contentType = response.headers.get('content-type')!;
  const bytes = Buffer.from(await response.arrayBuffer());
  return { bytes, body: inPieces(bytes, 64 * 1024), contentType, contentLength: undefined };
}

function inPieces(bytes: Buffer, pieceBytes: number, onPiece = () => {}): Readable {
  function* cut() {
    for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
      onPiece();
      yield bytes.subarray(offset, offset + pieceBytes);
    }
  }
  return Readable.from(cut(), { objectMode: false });
}

const receive = (request: FormRequest) => receiveForm(request, { folder: asScratchFolder(folder), rules });
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('receiveForm', () => {
  it('writes and hashes files, however the bytes are split into chunks', async () => {
    const audio = Buffer.concat([VOICE, randomBytes(300_000)]);
    const { bytes, ...request } = await toRequest(jobForm({ audio, persons: '2' }));
    for (const [index, pieceBytes] of [1009, 65_536, bytes.length].entries()) {
      const into = await mkdtemp(join(folder, `${index}-`));
      const form = await receiveForm(
        { ...request, body: inPieces(bytes, pieceBytes) },
        { folder: asScratchFolder(into), rules },
      );

      expect(Object.fromEntries(form.texts)).toEqual({ persons: '2' });
      const file = form.files.get('audio')!;
      expect(file).toMatchObject({
        bytes: audio.length,
        sha256: createHash('sha256').update(audio).digest('hex'),
      });
      expect((await readFile(file.path)).equals(audio)).toBe(true);
      expect((await readFile(form.files.get('image')!.path)).equals(PHOTO)).toBe(true);
    }
  });

  it('names every part that is duplicate or unknown', async () => {
    const form = jobForm({ persons: '1', notes: Buffer.from('a file') });
    form.append('persons', '2');
    form.append('image', new Blob([new Uint8Array(PHOTO)]), 'again.png');

    const { faults } = await receive(await toRequest(form));

    expect(Object.fromEntries(faults)).toEqual({
      image: 'sent more than once',
      persons: 'sent more than once',
      notes: 'unknown field, or a file in place of a text',
    });
  });

  it('refuses a text that is too long', async () => {
    const { faults } = await receive(await toRequest(jobForm({ persons: 'x'.repeat(5000) })));

    expect(Object.fromEntries(faults)).toEqual({ persons: 'expected at most 4096 bytes' });
  });

  it('refuses a form with too many parts without reading the rest', async () => {
    const form = jobForm();
    for (let part = 0; part < 100; part++) form.append(`field-${part}`, 'text');

    await expect(receive(await toRequest(form))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      details: { form: 'expected at most 64 parts' },
    });
  });

  it('ignores the empty part of an unused file input', async () => {
    const form = jobForm();
    form.append('background_image', new Blob([]), '');

    const { files, faults } = await receive(await toRequest(form));

    expect([...files.keys()].sort()).toEqual(['audio', 'image']);
    expect(faults.size).toBe(0);
  });

  it('stops reading soon after a file is too large, and keeps the connection open for the response', async () => {
    const { bytes, ...request } = await toRequest(
      jobForm({ image: Buffer.concat([PHOTO, Buffer.alloc(5_000_000)]) }),
    );
    let pieces = 0;
    const body = inPieces(bytes, 10_000, () => {
      pieces += 1;
    });

    await expect(receive({ ...request, body })).rejects.toEqual(code('UPLOAD_TOO_LARGE'));
    expect(pieces * 10_000).toBeLessThan(1_000_000);
    expect(body.destroyed).toBe(false);
  });

  it('refuses a large Content-Length before it reads anything', async () => {
    const request = await toRequest(jobForm());

    await expect(receive({ ...request, contentLength: 10_000_000 })).rejects.toEqual(
      code('UPLOAD_TOO_LARGE'),
    );
    expect(request.body?.readableDidRead).toBe(false);
  });

  it('refuses unsupported files by their first bytes, whatever their name', async () => {
    for (const wrong of [{ image: VOICE }, { audio: PHOTO }, { image: Buffer.from('hi') }]) {
      const into = await mkdtemp(join(folder, 'form-'));
      await expect(
        receiveForm(await toRequest(jobForm(wrong)), { folder: asScratchFolder(into), rules }),
      ).rejects.toEqual(code('MEDIA_UNSUPPORTED'));
    }
  });

  needs('user namespaces').it('reports a full disk, not a disconnected client', async () => {
    const program = join(import.meta.dirname, 'fill-upload-disk.ts');
    expect(await runOnSmallDisk(program, 1)).toBe('STORAGE_FULL');
  });

  it('refuses incomplete forms', async () => {
    const { bytes, ...request } = await toRequest(jobForm());
    const wrong: Array<[FormRequest, string]> = [
      [{ ...request, contentType: 'application/json' }, 'MEDIA_UNSUPPORTED'],
      [{ ...request, contentType: undefined }, 'MEDIA_UNSUPPORTED'],
      [{ ...request, contentType: 'multipart/form-data' }, 'REQUEST_MALFORMED'],
      [{ ...request, body: undefined }, 'UPLOAD_INCOMPLETE'],
      [{ ...request, body: inPieces(Buffer.from('no form'), 100) }, 'UPLOAD_INCOMPLETE'],
      [{ ...request, body: inPieces(Buffer.alloc(0), 100) }, 'UPLOAD_INCOMPLETE'],
    ];
    for (const [sent, expected] of wrong) {
      await expect(receive(sent)).rejects.toEqual(code(expected));
    }
    // Cut at every kind of place: in headers, in files, in the last boundary.
    for (let cut = 1; cut < bytes.length - 4; cut += Math.ceil(bytes.length / 97)) {
      const body = inPieces(bytes.subarray(0, cut), 4096);
      await expect(
        receiveForm(
          { ...request, body },
          { folder: asScratchFolder(await mkdtemp(join(folder, 'cut-'))), rules },
        ),
      ).rejects.toEqual(code('UPLOAD_INCOMPLETE'));
    }
  });

  it('writes nothing after it has rejected a form', async () => {
    const { bytes, ...request } = await toRequest(
      jobForm({ audio: Buffer.concat([VOICE, randomBytes(300_000)]) }),
    );
    const body = new PassThrough();
    body.write(bytes.subarray(0, 200_000));
    setTimeout(() => body.destroy(new Error('The connection was cut')), 20);

    await expect(receive({ ...request, body })).rejects.toEqual(code('UPLOAD_INCOMPLETE'));
    await rm(folder, { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
    folder = await mkdtemp(join(tmpdir(), 'limelight-multipart-'));
  });
});
