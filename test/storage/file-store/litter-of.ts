import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** Everything in the folder except the names and versions of objects and their folders. */
export async function litterOf(root: string): Promise<string[]> {
  const litter: string[] = [];
  const versions = new Set<string>();
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((entry) => entry.isSymbolicLink())) {
    versions.add(await realpath(join(entry.parentPath, entry.name)));
  }
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const isHome = entry.isDirectory() && [...versions].some((version) => version.startsWith(`${path}/`));
    if (!entry.isSymbolicLink() && !versions.has(path) && !isHome && entry.name !== '.scratch') {
      litter.push(path);
    }
  }
  return litter;
}
