import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { ClientOptions } from '@temporalio/client';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { ReplayWorkerOptions, WorkerOptions } from '@temporalio/worker';
import { PipelineError } from '../errors.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** For workers whose payloads are encrypted, because the message of a failure is no payload by default. */
export const FAILURE_CONVERTER = fileURLToPath(new URL('../workflows/failure-converter.ts', import.meta.url));

const CIPHER = 'aes-256-gcm';
/** As NIST SP 800-38D advises. Random ones are safe for 2^32 payloads of a key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The names in metadata that Temporal's own examples of encryption use. */
const ENCODING = Buffer.from('binary/encrypted');
const NOTHING = Buffer.from('binary/null');
const KEY_ID = 'encryption-key-id';

/** Identifies a key without revealing it: the start of its SHA-256. */
export function toKeyId(key: string): string {
  return createHash('sha256').update(Buffer.from(key, 'base64')).digest('hex').slice(0, 16);
}

/**
 * Encrypts payloads with AES-256-GCM. The id of the key is in the metadata, the data is initialization vector, ciphertext
 * and tag. Payloads of other encodings are read as they are, such as those written before there were keys.
 * @param keys 32 bytes each, in base64. The first encrypts, all decrypt. Without keys nothing is encrypted.
 */
export function createPayloadCodec(keys: readonly string[]): PayloadCodec {
  const ring = new Map(keys.map((key) => [toKeyId(key), createSecretKey(key, 'base64')]));
  const [newest] = ring;
  return {
    async encode(payloads) {
      return newest
        ? payloads.map((payload) => (isNothing(payload) ? payload : encrypt(payload, newest)))
        : payloads;
    },
    async decode(payloads) {
      return payloads.map((payload) => {
        const id = keyIdOf(payload);
        return id === undefined ? payload : decrypt(payload, id, ring);
      });
    },
  };
}

/** `undefined`. There is nothing to hide, and Temporal deletes a field of a memo that is set to it. */
function isNothing({ metadata }: Payload): boolean {
  return metadata?.encoding !== undefined && NOTHING.equals(metadata.encoding);
}

/** The id of the key that encrypted a payload; `undefined` if none did. */
export function keyIdOf({ metadata }: Payload): string | undefined {
  return metadata?.encoding !== undefined && ENCODING.equals(metadata.encoding)
    ? Buffer.from(metadata[KEY_ID] ?? []).toString()
    : undefined;
}

function encrypt(payload: Payload, [id, key]: [id: string, key: KeyObject]): Payload {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv);
  const text = PayloadMessage.encode(payload).finish();
  return {
    metadata: { encoding: ENCODING, [KEY_ID]: Buffer.from(id) },
    data: Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]),
  };
}

/** @throws PipelineError CONFIG_INVALID if its key is missing or its data was changed. */
function decrypt({ data }: Payload, id: string, ring: ReadonlyMap<string, KeyObject>): Payload {
  const key = ring.get(id);
  if (!key) {
    throw new PipelineError(
      'CONFIG_INVALID',
      `Temporal has a payload that the key ${id} encrypted, which is not in TEMPORAL_PAYLOAD_KEYS. Add that key.`,
    );
  }
  const bytes = Buffer.from(data ?? []);
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    return PayloadMessage.decode(text);
  } catch (cause) {
    throw new PipelineError(
      'CONFIG_INVALID',
      `A payload that the key ${id} encrypted was changed in Temporal.`,
      {
        cause,
      },
    );
  }
}

/**
 * For a connection: every client and worker that is created from it has the codec. With keys, failures of activities are
 * encrypted too; those of workflows need the bundle of `loadWorkflowBundle({ encryptsFailures: true })`.
 */
export function createPayloadPlugin(keys: readonly string[]) {
  const dataConverter = {
    payloadCodecs: [createPayloadCodec(keys)],
    ...(keys.length > 0 && { failureConverterPath: FAILURE_CONVERTER }),
  };
  return {
    name: 'limelight-payload-codec',
    configureClient: (options: ClientOptions): ClientOptions => ({ ...options, dataConverter }),
    configureWorker: (options: WorkerOptions): WorkerOptions => ({ ...options, dataConverter }),
    configureReplayWorker: (options: ReplayWorkerOptions): ReplayWorkerOptions => ({
      ...options,
      dataConverter,
    }),
  };
}
