import { existsSync } from 'node:fs';

/** Debian's. `CHROMIUM` names another one. */
export const chromiumPath = [process.env.CHROMIUM, '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
);
