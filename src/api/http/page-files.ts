import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface PageFile {
  type: string;
  etag: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** Text only: the other types are compressed already. */
  gzipped?: Uint8Array<ArrayBuffer>;
  /** Whether its name contains a hash of its content, so that a browser may cache it for good. */
  isImmutable: boolean;
}

const TYPES: Record<string, { type: string; isText: boolean }> = {
  '.html': { type: 'text/html; charset=utf-8', isText: true },
  '.js': { type: 'text/javascript; charset=utf-8', isText: true },
  '.css': { type: 'text/css; charset=utf-8', isText: true },
  '.svg': { type: 'image/svg+xml', isText: true },
  '.woff2': { type: 'font/woff2', isText: false },
  '.jpg': { type: 'image/jpeg', isText: false },
  '.wav': { type: 'audio/wav', isText: false },
};

/** The built page by path below `/`, read once: less than a megabyte. Empty if it is not built. */
export function readPageFiles(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  if (!existsSync(folder)) {
    return files;
  }
  for (const path of globSync('**/*.*', { cwd: folder })) {
    const kind = TYPES[extname(path)];
    if (kind) {
      files.set(path.split(sep).join('/'), toPageFile(readFileSync(join(folder, path)), path, kind));
    }
  }
  return files;
}

function toPageFile(
  content: Buffer,
  path: string,
  { type, isText }: { type: string; isText: boolean },
): PageFile {
  const bytes = new Uint8Array(content);
  return {
    type,
    etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`,
    bytes,
    ...(isText && { gzipped: new Uint8Array(gzipSync(bytes, { level: 9 })) }),
    isImmutable: path.startsWith('assets'),
  };
}
