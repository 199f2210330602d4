// How the page is built: one origin, no inline scripts, workers as single files that can be started from a blob.
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { contentSecurityPolicyMeta, isolationHeaders } from './scripts/security-headers.mjs';
import { NOTICES_FILE, thirdPartyNotices } from './scripts/third-party-notices.mjs';

/** The dev server needs inline scripts for hot reload, so the strict policy is written only into the built page. */
function securityPolicy(): Plugin {
  return {
    name: 'pare-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicyMeta },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** A file beside the page, which links it. */
function notices(): Plugin {
  return {
    name: 'pare-notices',
    configureServer: ({ config, middlewares }) => {
      middlewares.use(`/${NOTICES_FILE}`, (_request, response) => {
        response.setHeader('Content-Type', 'text/plain; charset=utf-8');
        response.end(thirdPartyNotices(config.root));
      });
    },
    generateBundle() {
      this.emitFile({
        type: 'asset',
        fileName: NOTICES_FILE,
        source: thirdPartyNotices(import.meta.dirname),
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), securityPolicy(), notices()],
  server: { headers: isolationHeaders },
  preview: { headers: isolationHeaders },
  build: {
    outDir: 'dist/studio',
    emptyOutDir: true,
    target: 'es2022',
    assetsDir: 'assets',
    // A data: URL would need data: in connect-src; everything stays a file of its own.
    assetsInlineLimit: 0,
    // 16 MB of onnxruntime are an asset, not a chunk; the first load has a limit of its own (size-limit).
    chunkSizeWarningLimit: 800,
    modulePreload: { polyfill: false },
  },
  worker: {
    format: 'es',
    // One file a worker: it is fetched once and then started from a blob, where relative imports cannot work.
    rolldownOptions: { output: { codeSplitting: false } },
  },
});
