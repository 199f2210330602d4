// How the command line is built: one executable file for Node. onnxruntime-web stays in node_modules: it finds its
// WebAssembly beside itself.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { NOTICES_FILE, thirdPartyNotices } from './scripts/third-party-notices.mjs';

const OUT = 'dist/cli';
const ENTRY = 'pare.js';

/** npm links the file as a command, so it must be executable. */
function executable(): Plugin {
  return { name: 'pare-executable', writeBundle: ({ dir }) => chmodSync(join(dir ?? OUT, ENTRY), 0o755) };
}

/** The one file holds other people's work: their licences stand beside it. */
function notices(): Plugin {
  return {
    name: 'pare-notices',
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
  plugins: [executable(), notices()],
  publicDir: false,
  build: {
    ssr: 'src/cli/pare.ts',
    outDir: OUT,
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      external: [/^onnxruntime-web/, /^node:/],
      output: { entryFileNames: ENTRY, banner: '#!/usr/bin/env node' },
    },
  },
  ssr: { noExternal: true, external: ['onnxruntime-web'] },
});
