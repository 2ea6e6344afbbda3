import type { z } from 'zod';
import { isFailure } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { objectCorrupt } from './object-errors.ts';

export interface JsonObjectsOptions<T> {
  store: Pick<ObjectStore, 'read' | 'put'>;
  schema: z.ZodType<T>;
  /** The name of such an object in error messages, such as `an API key`. */
  what: string;
}

/** Small objects of one schema, such as API keys and secrets. */
export interface JsonObjects<T> {
  /** Undefined if there is no such object. Rejects with OBJECT_CORRUPT if it does not match the schema. */
  read(key: string): Promise<T | undefined>;
  write(key: string, value: T): Promise<void>;
  /** Returns false if the key exists. */
  create(key: string, value: T): Promise<boolean>;
  /** If several processes call this at once, one of them creates the object and all return the same. */
  readOrCreate(key: string, make: () => T): Promise<T>;
}

export function createJsonObjects<T>({ store, schema, what }: JsonObjectsOptions<T>): JsonObjects<T> {
  const toBytes = (value: T) => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

  function parse(key: string, json: string): T {
    try {
      return schema.parse(JSON.parse(json));
    } catch {
      // Without the cause: it may quote a secret.
      throw objectCorrupt(key, `it is not ${what}`);
    }
  }

  const objects: JsonObjects<T> = {
    async read(key) {
      try {
        return parse(key, (await store.read(key)).toString());
      } catch (error) {
        if (isFailure(error, 'OBJECT_NOT_FOUND')) {
          return undefined;
        }
        throw error;
      }
    },

    async write(key, value) {
      await store.put(key, toBytes(value));
    },

    async create(key, value) {
      try {
        await store.put(key, toBytes(value), { ifAbsent: true });
        return true;
      } catch (error) {
        if (isFailure(error, 'OBJECT_EXISTS')) {
          return false;
        }
        throw error;
      }
    },

    async readOrCreate(key, make) {
      const found = await objects.read(key);
      if (found) {
        return found;
      }
      const made = make();
      return (await objects.create(key, made)) ? made : objects.readOrCreate(key, make);
    },
  };
  return objects;
}
