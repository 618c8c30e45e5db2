import { defineConfig } from 'vite';

// The server package carries the finished page, so that one install brings both.
export default defineConfig({
  plugins: [
    {
      name: 'theme-before-first-paint',
      // The remembered theme is applied by the script: without this, a dark page would flash white first.
      transformIndexHtml: {
        order: 'post',
        handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
      },
    },
  ],
  base: './',
  build: {
    outDir: '../server/dist/console',
    emptyOutDir: true,
    target: 'es2022',
    // The page runs under a content security policy without inline content: nothing may become a data: URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // mpegts.js is under the Apache licence, which travels with it.
    license: { fileName: 'licenses.md' },
    // mpegts.js alone is about 275 kB. It is loaded only when there is something to play.
    chunkSizeWarningLimit: 400,
  },
});
