import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/errors.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { assertKeyPrefix, assertObjectKey } from '../../src/storage/object-key.ts';

const SEED = 20_260_101;
/** Parts of malicious keys, and harmless parts around them. */
const segment = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    '...',
    '.scratch',
    '~',
    'a',
    'A',
    'a.b',
    'a-',
    '-',
    '_',
    '%2e%2e',
    'a\0b',
    '..\\',
  ),
  fc.string({ maxLength: 4 }),
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.stringMatching(/^[A-Za-z0-9._-]{1,140}$/),
);
const key = fc.array(segment, { minLength: 1, maxLength: 6 }).map((segments) => segments.join('/'));

let base: string;
let store: ObjectStore;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'limelight-keys-'));
  await writeFile(join(base, 'sentinel'), 'outside');
  store = createFileStore({ root: join(base, 'root') });
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('object keys', () => {
  it('are refused, or name one object inside the root that is listed under exactly that key', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(key, async (key) => {
        const refusal = await store.put(key, Buffer.from(key)).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (refusal) {
          expect(refusal).toMatchObject({ code: 'OBJECT_KEY_INVALID' });
        } else {
          accepted++;
          expect((await store.read(key)).toString()).toBe(key);
          expect(await listed('')).toEqual([key]);
          await store.delete(key);
        }
        expect((await readdir(base)).sort()).toEqual(['root', 'sentinel']);
        expect(await readdir(join(base, 'root'), { recursive: true })).toEqual(['.scratch']);
        expect(await readFile(join(base, 'sentinel'), 'utf8')).toBe('outside');
      }),
      { seed: SEED, numRuns: 400 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  it('are refused with a message that says what to change', () => {
    expect(() => assertObjectKey('videos/../x')).toThrow(
      'Expected segments of A-Z a-z 0-9 . _ - that do not start with a dot, at most 128 characters each and 512 in all, but the object key is "videos/../x"',
    );
    expect(() => assertObjectKey('x'.repeat(10_000))).toThrow(/^.{1,300}$/);
  });

  it('allow every part from their start as a prefix', () => {
    fc.assert(
      fc.property(key, fc.nat(), (key, cut) => {
        const isValid = isAccepted(() => assertObjectKey(key));
        const prefix = key.slice(0, cut % (key.length + 1));
        if (isValid) {
          expect(isAccepted(() => assertKeyPrefix(prefix))).toBe(true);
        }
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe('a store', () => {
  it('contains the same as a map after the same calls, in key order', async () => {
    const name = fc.constantFrom('a/x', 'a/y', 'a-b', 'a.b/z', 'b/c/d', 'b/c/e', 'b/cd');
    const call = fc.oneof(
      fc.record({ put: name, text: fc.string({ maxLength: 3 }) }),
      fc.record({ putAbsent: name, text: fc.string({ maxLength: 3 }) }),
      fc.record({ delete: name }),
      fc.record({ deleteAll: fc.constantFrom('a/', 'b/', 'b/c/', 'none/') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
        const model = new Map<string, string>();
        for (const call of calls) {
          if ('put' in call) {
            await store.put(call.put, Buffer.from(call.text));
            model.set(call.put, call.text);
          } else if ('putAbsent' in call) {
            const stored = await store
              .put(call.putAbsent, Buffer.from(call.text), { ifAbsent: true })
              .catch(() => undefined);
            expect(stored === undefined).toBe(model.has(call.putAbsent));
            model.set(call.putAbsent, model.get(call.putAbsent) ?? call.text);
          } else if ('delete' in call) {
            await store.delete(call.delete);
            model.delete(call.delete);
          } else {
            const gone = [...model.keys()].filter((key) => key.startsWith(call.deleteAll));
            expect(await store.deleteAll(call.deleteAll)).toEqual(gone.sort());
            for (const key of gone) {
              model.delete(key);
            }
          }
        }
        expect(await listed('')).toEqual([...model.keys()].sort());
        for (const [key, text] of model) {
          expect((await store.read(key)).toString()).toBe(text);
        }
        await Promise.all([...model.keys()].map((key) => store.delete(key)));
        expect(await readdir(join(base, 'root'))).toEqual(['.scratch']);
      }),
      { seed: SEED, numRuns: 40 },
    );
  });
});

async function listed(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) {
    keys.push(key);
  }
  return keys;
}

function isAccepted(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(PipelineError);
    return false;
  }
}
