import { SECRETS } from '../../src/process/load-config.ts';

/** A value for each setting that is a secret. */
export function secretValues(toValue: (name: string) => string): Record<string, string> {
  return {
    ...Object.fromEntries(SECRETS.map((name) => [name, toValue(name.toLowerCase())])),
    // Of 32 bytes, or the process does not start.
    TEMPORAL_PAYLOAD_KEYS: Buffer.from('temporal_payload_keys-0123456789').toString('base64'),
  };
}
