import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Of the whole file: its size, and its SHA-256 in lower-case hex. */
export async function hashFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
