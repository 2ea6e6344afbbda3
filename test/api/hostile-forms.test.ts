import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOB_FIELDS } from '../../src/api/submit/job-fields.ts';
import { parseJobForm } from '../../src/api/submit/job-form.ts';
import { API_LIMITS, toUploadRules } from '../../src/api/submit/limits.ts';
import { type ReceivedForm, receiveForm } from '../../src/api/submit/multipart.ts';
import { PipelineError } from '../../src/errors.ts';
import { asScratchFolder } from '../../src/storage/scratch-folder.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { offerProviders } from '../harness/providers.ts';

const BOUNDARY = 'limelight-boundary';
const rules = toUploadRules({ ...API_LIMITS, imageBytes: 100_000, audioBytes: 100_000 });
/** What a form may be refused with; anything else is a bug. */
const REFUSALS = ['REQUEST_MALFORMED', 'UPLOAD_INCOMPLETE', 'UPLOAD_TOO_LARGE', 'MEDIA_UNSUPPORTED'];
const RUNS = { seed: 20_261_125, numRuns: 150 };

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'limelight-hostile-'));
});
afterEach(() => rm(root, { recursive: true }));

interface Part {
  headers: string[];
  body: Uint8Array | string;
}

const part = (name: string, body: Uint8Array | string, ...more: string[]): Part => ({
  headers: [`Content-Disposition: form-data; name="${name}"`, ...more],
  body,
});
const file = (name: string, filename: string, body: Uint8Array): Part => ({
  headers: [
    `Content-Disposition: form-data; name="${name}"; filename="${filename}"`,
    'Content-Type: application/octet-stream',
  ],
  body,
});

function toBytes(parts: Part[]): Buffer {
  const pieces = parts.flatMap(({ headers, body }) => [
    Buffer.from(`--${BOUNDARY}\r\n${headers.join('\r\n')}\r\n\r\n`, 'latin1'),
    Buffer.from(body as Uint8Array),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

/** What comes of it, in a folder of its own; nothing may be written beside it. */
async function receive(
  bytes: Buffer,
  contentType = `multipart/form-data; boundary=${BOUNDARY}`,
): Promise<{ form?: ReceivedForm; refusal?: string; written: string[] }> {
  const folder = await mkdtemp(join(root, 'in-'));
  const body = Readable.from([bytes], { objectMode: false });
  const request = { body, contentType, contentLength: undefined };
  const outcome = await receiveForm(request, { folder: asScratchFolder(folder), rules }).then(
    (form) => ({ form }),
    (error: unknown) => {
      expect(error).toBeInstanceOf(PipelineError);
      return { refusal: (error as PipelineError).code };
    },
  );
  const written = await readdir(folder);
  expect((await readdir(root)).filter((name) => !name.startsWith('in-'))).toEqual([]);
  await rm(folder, { recursive: true });
  return { ...outcome, written };
}

/** Without what would end a header or its quotes: those are for the framing below. */
const quotable = fc
  .string({ unit: 'binary', maxLength: 300 })
  .map((text) => text.replaceAll(/["\\\r\n\0]/g, '_'));
const traversal = fc.constantFrom(
  '../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '/etc/cron.d/x',
  'C:\\\\Windows\\\\system.ini',
  'photo.png/../../x',
  '.htaccess',
  'CON',
  'a'.repeat(255),
  'photo.jpg\u202egnp.exe',
  'photo.php.png',
  '~root/x',
  '$(touch x)',
  '`id`',
  '',
);

const received = (texts: Map<string, string>): ReceivedForm => ({
  texts,
  files: new Map(
    ['image', 'audio'].map((name) => [name, { path: `/${name}`, bytes: 1, sha256: 'a'.repeat(64) }]),
  ),
  fileNames: new Map(),
  faults: new Map(),
});

describe('names of files', () => {
  it('choose nothing: a file is stored under the name of its field', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(quotable, traversal), async (filename) => {
        const bytes = toBytes([file('image', filename, PHOTO), file('audio', filename, VOICE)]);
        const { form, refusal, written } = await receive(bytes);

        expect(refusal === undefined || REFUSALS.includes(refusal)).toBe(true);
        expect(written.filter((name) => name !== 'image' && name !== 'audio')).toEqual([]);
        for (const received of form?.files.values() ?? []) {
          expect(received.path.startsWith(root)).toBe(true);
          taken += 1;
        }
      }),
      RUNS,
    );
    expect(taken).toBeGreaterThan(RUNS.numRuns);
  });

  it('choose nothing as names of fields either', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(quotable, traversal, fc.constantFrom('__proto__', 'constructor')),
        async (name) => {
          const { form, refusal, written } = await receive(toBytes([file(name, 'x.png', PHOTO)]));

          expect(refusal === undefined || REFUSALS.includes(refusal)).toBe(true);
          expect(written.filter((one) => !Object.hasOwn(rules, one))).toEqual([]);
          expect([...(form?.files.keys() ?? [])].filter((one) => !Object.hasOwn(rules, one))).toEqual([]);
        },
      ),
      RUNS,
    );
  });
});

describe('headers', () => {
  it('of parts are read or refused', async () => {
    const header = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc
        .tuple(fc.string({ maxLength: 20 }), fc.string({ maxLength: 100 }))
        .map(([name, value]) => `${name}: ${value}`),
      fc.constantFrom(
        'Content-Type: multipart/mixed; boundary=x',
        'Content-Transfer-Encoding: base64',
        'Content-Disposition: form-data; name="audio"',
        "Content-Disposition: form-data; name*=UTF-8''image",
        'Content-Length: -1',
        `X: ${'y'.repeat(9_000)}`,
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(header, { maxLength: 40 }), async (headers) => {
        const { refusal } = await receive(
          toBytes([{ ...part('persons', '1'), headers }, part('image', PHOTO)]),
        );
        expect(refusal === undefined || REFUSALS.includes(refusal)).toBe(true);
      }),
      RUNS,
    );
  });

  it('of the request must name a boundary', async () => {
    const bytes = toBytes([part('image', PHOTO), part('audio', VOICE)]);
    const type = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 100 }).map((text) => `multipart/form-data; ${text}`),
      fc.string({ unit: 'binary', maxLength: 100 }).map((text) => `multipart/form-data; boundary=${text}`),
    );
    await fc.assert(
      fc.asyncProperty(type, async (contentType) => {
        const { form, refusal } = await receive(bytes, contentType);
        expect(form === undefined ? REFUSALS.includes(refusal!) : form.files.size <= 2).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('fields', () => {
  it('are accepted or refused by name, whatever they contain', () => {
    const name = fc.oneof(
      fc.constantFrom(...Object.keys(JOB_FIELDS.shape)),
      fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.constantFrom(
        'NaN',
        'Infinity',
        '-0',
        '1e309',
        '0x10',
        '१',
        '1'.repeat(400),
        'true',
        '#ffffff',
        'auto',
        '9007199254740993',
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 6 }), (entries) => {
        const texts = new Map(entries);
        try {
          const { options } = parseJobForm(
            received(texts),
            { confThreshold: 0.5, longSidePx: 720 },
            offerProviders(),
          );
          expect([...texts.keys()].filter((one) => !Object.hasOwn(JOB_FIELDS.shape, one))).toEqual([]);
          expect(options.conf_threshold).toBeGreaterThanOrEqual(0);
          expect(options.conf_threshold).toBeLessThanOrEqual(1);
          expect(Number.isInteger(options.deadline_s) && Number.isInteger(options.priority)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INPUT_INVALID', details: expect.any(Object) });
        }
      }),
      { ...RUNS, numRuns: 2_000 },
    );
  });
});

it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
  'a field with the text %s is refused, whatever its type, unless it is a name',
  (text) => {
    // A name may be any text.
    for (const name of Object.keys(JOB_FIELDS.shape).filter((one) => one !== 'name')) {
      expect(() =>
        parseJobForm(
          received(new Map([[name, text]])),
          { confThreshold: 0.5, longSidePx: 720 },
          offerProviders(),
        ),
      ).toThrow(
        expect.objectContaining({
          code: 'INPUT_INVALID',
          details: expect.objectContaining({ [name]: expect.stringContaining(`received "${text}"`) }),
        }),
      );
    }
  },
);

describe('multipart framing', () => {
  const whole = toBytes([part('persons', '1'), file('image', 'a.png', PHOTO), file('audio', 'b.wav', VOICE)]);

  it('that is damaged anywhere is refused, or yields intact files', async () => {
    const damage = fc.record({
      at: fc.nat(whole.length - 1),
      remove: fc.nat(40),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc
          .constantFrom(
            '\r\n',
            `\r\n--${BOUNDARY}`,
            `--${BOUNDARY}--`,
            `\r\n--${BOUNDARY}--\r\n`,
            '\r\n\r\n',
            '\n\n',
            '--',
          )
          .map((text) => new Uint8Array(Buffer.from(text))),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = changes.reduce(
          (sum, { at, remove, insert }) =>
            Buffer.concat([sum.subarray(0, at), insert, sum.subarray(Math.min(sum.length, at + remove))]),
          whole,
        );
        const folder = await mkdtemp(join(root, 'in-'));
        const body = Readable.from([bytes], { objectMode: false });
        const request = {
          body,
          contentType: `multipart/form-data; boundary=${BOUNDARY}`,
          contentLength: undefined,
        };
        try {
          const { files } = await receiveForm(request, { folder: asScratchFolder(folder), rules });
          for (const { path, bytes, sha256 } of files.values()) {
            const written = await readFile(path);
            expect(written).toHaveLength(bytes);
            expect(createHash('sha256').update(written).digest('hex')).toBe(sha256);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(PipelineError);
          expect(REFUSALS).toContain((error as PipelineError).code);
        }
        await rm(folder, { recursive: true });
      }),
      { ...RUNS, numRuns: 300 },
    );
  });

  it('of random bytes is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (noise) => {
        expect((await receive(Buffer.from(noise))).refusal).toBe('UPLOAD_INCOMPLETE');
      }),
      RUNS,
    );
  });

  it('gives the same result however it is split into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 20 }),
        async (sizes) => {
          function* pieces() {
            for (let offset = 0, turn = 0; offset < whole.length; turn += 1) {
              const size = sizes[turn % sizes.length]!;
              yield whole.subarray(offset, offset + size);
              offset += size;
            }
          }
          const folder = await mkdtemp(join(root, 'in-'));
          const form = await receiveForm(
            {
              body: Readable.from(pieces(), { objectMode: false }),
              contentType: `multipart/form-data; boundary=${BOUNDARY}`,
              contentLength: undefined,
            },
            { folder: asScratchFolder(folder), rules },
          );
          expect(Object.fromEntries(form.texts)).toEqual({ persons: '1' });
          expect(form.files.get('image')?.sha256).toBe(createHash('sha256').update(PHOTO).digest('hex'));
          expect(form.files.get('audio')?.sha256).toBe(createHash('sha256').update(VOICE).digest('hex'));
          await rm(folder, { recursive: true });
        },
      ),
      { ...RUNS, numRuns: 40 },
    );
  });
});
