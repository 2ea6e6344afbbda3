#!/usr/bin/env node
/**
 * Installs what a fresh machine needs: the npm packages, Node 24 among them, a Temporal server, and the built page. Plain
 * JavaScript for Node 20 without dependencies, because it runs before they are installed.
 *
 * npm scripts call it as `(node scripts/setup.mjs) && node …`. The parentheses matter: a shell remembers the path of
 * `node`, and without the subshell the second one would be the system's.
 */
if (Number.parseInt(process.versions.node, 10) < 20) {
  process.stderr.write(
    `setup: Setup needs Node 20 or newer, but this is ${process.version}. Install a newer one from https://nodejs.org and run this again.\n`,
  );
  process.exit(1);
}
await import('./setup/main.mjs');
