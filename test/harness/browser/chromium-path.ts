import { existsSync } from 'node:fs';

/** Debian's path. `CHROMIUM` overrides it. */
export const chromiumPath = [process.env.CHROMIUM, '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
);
