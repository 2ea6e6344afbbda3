import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context } from 'hono';
import type { ApiEnv } from './api-env.ts';

export interface PageFile {
  type: string;
  etag: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** Only of types that are not compressed already. */
  gzipped?: Uint8Array<ArrayBuffer>;
  /** Whether its name contains a hash of its content, so that a browser may cache it for good. */
  isImmutable: boolean;
}

const compress = promisify(gzip);

const TYPES: Record<string, { type: string; isCompressible: boolean }> = {
  '.html': { type: 'text/html; charset=utf-8', isCompressible: true },
  '.js': { type: 'text/javascript; charset=utf-8', isCompressible: true },
  '.css': { type: 'text/css; charset=utf-8', isCompressible: true },
  '.svg': { type: 'image/svg+xml', isCompressible: true },
  '.woff2': { type: 'font/woff2', isCompressible: false },
  '.wasm': { type: 'application/wasm', isCompressible: true },
  '.jpg': { type: 'image/jpeg', isCompressible: false },
  '.wav': { type: 'audio/wav', isCompressible: false },
};

/** The built page by path below `/`, read once: less than 3 MB. Empty if it is not built. */
export async function readPageFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  if (!existsSync(folder)) {
    return files;
  }
  for (const path of globSync('**/*.*', { cwd: folder })) {
    const kind = TYPES[extname(path)];
    if (kind) {
      files.set(path.split(sep).join('/'), await toPageFile(readFileSync(join(folder, path)), path, kind));
    }
  }
  return files;
}

/** Compressing takes up to 0.1 s, so another thread does it. */
export async function toPageFile(
  content: Buffer,
  path: string,
  { type, isCompressible }: { type: string; isCompressible: boolean },
): Promise<PageFile> {
  const bytes = new Uint8Array(content);
  return {
    type,
    etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`,
    bytes,
    ...(isCompressible && { gzipped: new Uint8Array(await compress(bytes, { level: 9 })) }),
    isImmutable: path.startsWith('assets'),
  };
}

/** The file, compressed if the client takes that, or 304 if it has the file. */
export function answerWithFile(c: Context<ApiEnv>, file: PageFile): Response {
  const { type, etag, bytes, gzipped, isImmutable } = file;
  c.header('Cache-Control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  c.header('ETag', etag);
  if (c.req.header('if-none-match')?.includes(etag)) {
    return c.body(null, 304);
  }
  const takesGzip = gzipped !== undefined && /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
  if (gzipped) {
    c.header('Vary', 'Accept-Encoding');
  }
  if (takesGzip) {
    c.header('Content-Encoding', 'gzip');
  }
  c.header('Content-Type', type);
  return c.body(takesGzip ? gzipped : bytes);
}
