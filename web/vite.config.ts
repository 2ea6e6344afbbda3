import { join } from 'node:path';
import { defineConfig } from 'vite';

/** Builds the page: one script, one style sheet and a font, all served by the API. */
export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the page also works under a path of a proxy.
  base: './',
  build: {
    outDir: join(import.meta.dirname, '../dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    // Inlined assets would need `data:` in the page's content security policy.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
});
