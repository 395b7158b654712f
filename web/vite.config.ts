import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const server = process.env['RUNFLOW_URL'] ?? 'http://127.0.0.1:9009';
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Sends a browser's own navigation to the page's source and everything else to the server. */
const pageOr = (page: string) => ({
  target: server,
  bypass: (request: { headers: { accept?: string | undefined } }) =>
    request.headers.accept?.includes('text/html') ? page : undefined,
});

export default defineConfig({
  // Relative addresses: the pages work behind any path prefix.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: {
    proxy: {
      '/ws': { target: server, ws: true, rewriteWsOrigin: true },
      '/websocket': pageOr('/console.html'),
      '/tasks': pageOr('/tasks/task.html'),
      '/flows': server,
    },
  },
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    license: { fileName: 'assets/licenses.txt' },
    rolldownOptions: {
      input: {
        dashboard: here('index.html'),
        console: here('console.html'),
        task: here('tasks/task.html'),
      },
      output: {
        // No hash in a name: the Go server revalidates by ETag, and a rebuild diffs against what is committed.
        entryFileNames: 'assets/[name].js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: 'assets/[name][extname]',
        codeSplitting: {
          groups: [
            { name: 'preact', test: /node_modules[\\/](preact|@preact)[\\/]/ },
            { name: 'shared', test: /[\\/]src[\\/]/, minShareCount: 2 },
          ],
        },
      },
    },
  },
});
