import { describe, expect, it } from 'vitest';
import { readPage, toCursor } from '../../src/temporal/page-cursor.ts';

const TOKEN = Buffer.from('a page token of Temporal');
const cursor = toCursor('tasks', TOKEN);
const answer = (code: number) => Object.assign(new Error('grpc'), { code, details: '', metadata: {} });

describe('the cursor of a page', () => {
  it('gives its token back to its own list', async () => {
    const read = (token: Uint8Array) => Promise.resolve(Buffer.from(token));

    expect(await readPage('tasks', cursor, read)).toEqual(TOKEN);
    expect(await readPage('tasks', undefined, read)).toHaveLength(0);
    expect(cursor).toMatch(/^[\w-]+$/);
  });

  it.each([
    ['of another list', toCursor('deliveries', TOKEN)],
    ['with a changed letter', `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`],
    ['cut off', cursor.slice(0, -4)],
    ['empty', ''],
    ['that is no base64', 'no cursor'],
  ])('is refused without asking Temporal if it is one %s', async (_, invalid) => {
    let asked = false;

    const page = readPage('tasks', invalid, async () => {
      asked = true;
    });

    await expect(page).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(asked).toBe(false);
  });

  it('is refused if Temporal refuses it, and other errors pass', async () => {
    await expect(readPage('tasks', cursor, () => Promise.reject(answer(3)))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    const away = answer(14);
    await expect(readPage('tasks', cursor, () => Promise.reject(away))).rejects.toBe(away);
  });
});
