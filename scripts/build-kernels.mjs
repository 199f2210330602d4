// Compiles the AssemblyScript kernels to two WASM binaries, plain SIMD and relaxed SIMD, and writes them as one module of
// base64 text, so that page, worker, command line and tests load them without a request; the shaders likewise. Unchanged
// sources: no work.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kernels = join(root, 'src/kernels');
const entry = join(kernels, 'assembly/index.ts');
const target = join(kernels, 'generated/wasm.ts');
const shaders = join(kernels, 'generated/shaders.ts');

const COMMON = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--initialMemory', '2'];
const UNCHANGED = 'kernels: unchanged';
const VARIANTS = { SIMD: [], RELAXED_SIMD: ['--enable', 'relaxed-simd'] };

async function sources() {
  const files = await readdir(kernels, { recursive: true });
  const wanted = files.filter((f) => f.endsWith('assembly.ts') || f.startsWith('assembly/'));
  return wanted.filter((f) => f.endsWith('.ts')).sort();
}

/** Of the sources, this script and the compiler's version. */
async function fingerprint() {
  const hash = createHash('sha256');
  const compiler = await readFile(join(root, 'node_modules/assemblyscript/package.json'), 'utf8');
  hash.update(JSON.parse(compiler).version);
  hash.update(await readFile(fileURLToPath(import.meta.url)));
  for (const file of await sources()) hash.update(file).update(await readFile(join(kernels, file)));
  return hash.digest('hex');
}

async function compile(flags) {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const args = [relative(root, entry), '--outFile', 'out.wasm', ...COMMON, ...flags];
  const { error, stderr } = await asc.main(args, {
    readFile: async (name, base) => readFile(join(base, name), 'utf8').catch(() => null),
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`AssemblyScript: ${error.message}\n${stderr.toString()}`);
  return binary;
}

/** Kernels whose shaders multiply tiles. */
const WITH_TILES = ['gram', 'inverse-cholesky', 'gptq', 'descend'];

/** shader.wgsl of each kernel behind the helpers, as one module of strings: NM_MASK and so on. */
async function buildShaders() {
  const common = await readFile(join(kernels, 'shader/common.wgsl'), 'utf8');
  const tiles = await readFile(join(kernels, 'shader/tile.wgsl'), 'utf8');
  const files = await readdir(kernels, { recursive: true });
  const lines = ['// Written by scripts/build-kernels.mjs.'];
  for (const file of files.filter((f) => f.endsWith('/shader.wgsl')).sort()) {
    const name = dirname(file).replaceAll('-', '_').toUpperCase();
    const helpers = WITH_TILES.includes(dirname(file)) ? `${common}\n${tiles}` : common;
    const text = `${helpers}\n${await readFile(join(kernels, file), 'utf8')}`;
    lines.push(`export const ${name} =\n  ${JSON.stringify(text)};`);
  }
  const text = `${lines.join('\n')}\n`;
  if (text === (await readFile(shaders, 'utf8').catch(() => ''))) return false;
  await replace(shaders, text);
  return true;
}

/** Renamed into place: a reader, or a second build at the same time, never sees half a file. */
async function replace(path, text) {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, path);
}

async function current() {
  try {
    return /fingerprint ([0-9a-f]+)/.exec(await readFile(target, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** Builds when the sources changed. Returns what it did, for the log. */
export async function buildKernels() {
  const newShaders = await buildShaders();
  const stamp = await fingerprint();
  if ((await current()) === stamp) return newShaders ? 'kernels: new shaders' : UNCHANGED;
  const started = performance.now();
  const lines = [`// Written by scripts/build-kernels.mjs; fingerprint ${stamp}`];
  const sizes = [];
  for (const [name, flags] of Object.entries(VARIANTS)) {
    const binary = await compile(flags);
    lines.push(`export const ${name}_BASE64 =\n  '${Buffer.from(binary).toString('base64')}';`);
    sizes.push(`${name} ${binary.length} B`);
  }
  await replace(target, `${lines.join('\n')}\n`);
  return `kernels: ${sizes.join(', ')} in ${Math.round(performance.now() - started)} ms`;
}

/** Vitest's global setup. */
export async function setup() {
  const done = await buildKernels();
  if (done !== UNCHANGED) console.log(done);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await buildKernels());
