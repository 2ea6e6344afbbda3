import { join } from 'node:path';
import { defineConfig } from 'vite';

/** The page: one script, one style sheet and a typeface, all from the server that answers its calls. */
export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the page works below a path of a proxy as well.
  base: './',
  build: {
    outDir: join(import.meta.dirname, '../dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    // Nothing of it is worth a `data:` address, which the page's content policy would have to allow.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
});
