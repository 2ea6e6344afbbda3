import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { createPayloadCodec, toKeyId } from '../../src/temporal/payload-codec.ts';

const newPayloadKey = () => randomBytes(32).toString('base64');
const [oldKey, newKey] = [newPayloadKey(), newPayloadKey()];
const payloadOf = (value: unknown) => defaultPayloadConverter.toPayload(value)!;
const readValue = (payload: Payload) => defaultPayloadConverter.fromPayload(payload);
const textOf = ({ metadata, data }: Payload) =>
  Buffer.concat([...Object.values(metadata ?? {}), data ?? new Uint8Array()]).toString('latin1');

describe('the payload codec', () => {
  it('hides values and their type, and reads them again', async () => {
    const codec = createPayloadCodec([newKey]);
    const values = [{ name: 'Anna' }, 'text', null, new Uint8Array([1, 2, 3])];

    const encoded = await codec.encode(values.map(payloadOf));
    const decoded = await codec.decode(encoded);

    for (const payload of encoded) expect(textOf(payload)).not.toMatch(/Anna|text|json/);
    expect(decoded.map(readValue)).toEqual(values);
  });

  it('leaves undefined as it is, with which Temporal deletes fields of memos', async () => {
    const nothing = payloadOf(undefined);

    expect(await createPayloadCodec([newKey]).encode([nothing])).toEqual([nothing]);
  });

  it('never encrypts the same value to the same bytes', async () => {
    const codec = createPayloadCodec([newKey]);
    const encoded = await codec.encode(Array.from({ length: 50 }, () => payloadOf('same')));

    expect(new Set(encoded.map(({ data }) => Buffer.from(data!).toString('hex'))).size).toBe(50);
  });

  it('encrypts with the first key and decrypts with all', async () => {
    const before = createPayloadCodec([oldKey]);
    const after = createPayloadCodec([newKey, oldKey]);
    const [ofOld] = await before.encode([payloadOf('old')]);
    const [ofNew] = await after.encode([payloadOf('new')]);

    expect(textOf(ofNew!)).toContain(toKeyId(newKey));
    expect((await after.decode([ofOld!, ofNew!])).map(readValue)).toEqual(['old', 'new']);
    await expect(createPayloadCodec([newKey]).decode([ofOld!])).rejects.toThrow(
      `the key ${toKeyId(oldKey)} encrypted, which is not in TEMPORAL_PAYLOAD_KEYS`,
    );
  });

  it('reads what was written without keys, and without keys names the one that is missing', async () => {
    const plain = payloadOf('plain');
    const [encoded] = await createPayloadCodec([newKey]).encode([plain]);

    expect(await createPayloadCodec([newKey]).decode([plain])).toEqual([plain]);
    expect(await createPayloadCodec([]).encode([plain])).toEqual([plain]);
    await expect(createPayloadCodec([]).decode([encoded!])).rejects.toThrow(toKeyId(newKey));
  });

  it.each([
    ['a changed byte', (data: Uint8Array) => data.with(20, data[20]! ^ 1)],
    ['a changed tag', (data: Uint8Array) => data.with(-1, data.at(-1)! ^ 1)],
    ['a missing end', (data: Uint8Array) => data.slice(0, -1)],
    ['nothing but a tag', (data: Uint8Array) => data.slice(-16)],
    ['nothing', () => new Uint8Array()],
  ])('refuses %s', async (_, change) => {
    const codec = createPayloadCodec([newKey]);
    const [encoded] = await codec.encode([payloadOf('value')]);

    await expect(
      codec.decode([{ ...encoded!, data: change(Uint8Array.from(encoded!.data!)) }]),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('was changed'),
    });
  });
});
