import { readFileSync } from 'node:fs';

const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');

/** The version of Limelight, as `limelight --version` and the API's description show it. */
export const VERSION = (JSON.parse(manifest) as { version: string }).version;
