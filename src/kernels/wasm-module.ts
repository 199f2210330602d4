/**
 * Loads the compiled AssemblyScript kernels: which binary this engine can run, and its exports. It must not know what the
 * kernels compute.
 */
import { RELAXED_SIMD_BASE64, SIMD_BASE64 } from './generated/wasm.ts';

export type WasmFlavour = 'simd' | 'relaxed-simd';

/** Functions of assembly/index.ts. Pointers and counts are byte addresses and element counts. */
export interface WasmExports {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;
  absmaxRows(x: number, rows: number, columns: number, out: number): void;
  minmaxRows(x: number, rows: number, columns: number, outMin: number, outMax: number): void;
  histogram(
    x: number,
    n: number,
    low: number,
    high: number,
    power: number,
    base: number,
    perUnit: number,
    bins: number,
    least: number,
    tables: number,
  ): void;
  quantizeRows(
    x: number,
    rows: number,
    columns: number,
    inverses: number,
    zeros: number,
    low: number,
    high: number,
    out: number,
  ): void;
  dequantizeRows(
    codes: number,
    rows: number,
    columns: number,
    scales: number,
    zeros: number,
    signed: number,
    out: number,
  ): void;
  finiteAbsmax(x: number, n: number): number;
  mseSegment(x: number, n: number, scale: number, low: number, high: number, sums: number): void;
  mseRows(
    x: number,
    rows: number,
    columns: number,
    low: number,
    high: number,
    factors: number,
    count: number,
    scratch: number,
    sums: number,
    out: number,
  ): void;
  packInt4(codes: number, n: number, out: number): void;
  unpackInt4(packed: number, n: number, signed: number, out: number): void;
  toHalf(x: number, n: number, out: number, counts: number): void;
  fromHalf(codes: number, n: number, out: number): void;
  countKeys(x: number, n: number, tables: number): void;
  countKeysWithPrefix(x: number, n: number, prefix: number, shift: number, table: number): void;
  thresholdMask(x: number, n: number, threshold: number, ties: number, out: number): number;
  nmMask(
    x: number,
    rows: number,
    columns: number,
    n: number,
    m: number,
    firstBit: number,
    scratch: number,
    out: number,
  ): void;
  packMask(flags: number, n: number, out: number): void;
  applyMask(x: number, n: number, mask: number, out: number): void;
  initCompress(): void;
  compress(codes: number, n: number, mask: number, out: number): number;
  errorSums(x: number, y: number, n: number, state: number): void;
  packRows(from: number, stride: number, steps: number, panel: number): void;
  packPanels(x: number, rows: number, columns: number, panels: number): void;
  gramStripe(
    panels: number,
    rows: number,
    count: number,
    first: number,
    last: number,
    stripe: number,
    stride: number,
  ): void;
  factorColumns(a: number, stride: number, n: number, k: number, width: number, panels: number): number;
  updateColumns(
    a: number,
    stride: number,
    n: number,
    k: number,
    width: number,
    panels: number,
    first: number,
    last: number,
  ): void;
  packBlock(a: number, stride: number, k: number, width: number, left: number, diagonal: number): void;
  invertRows(
    a: number,
    stride: number,
    k: number,
    width: number,
    left: number,
    diagonal: number,
    first: number,
    last: number,
    y: number,
    b: number,
  ): void;
  gptqColumns(
    x: number,
    size: number,
    groups: number,
    u: number,
    stride: number,
    from: number,
    to: number,
    table: number,
    tableSize: number,
    groupOf: number,
    low: number,
    high: number,
    codes: number,
    codeStride: number,
    b: number,
  ): void;
  openDescent(
    w: number,
    q: number,
    columns: number,
    codes: number,
    stride: number,
    table: number,
    groupOf: number,
  ): void;
  closeDescent(
    q: number,
    columns: number,
    codes: number,
    stride: number,
    table: number,
    groupOf: number,
  ): void;
  addProducts(
    g: number,
    d: number,
    size: number,
    groups: number,
    h: number,
    stride: number,
    columns: number,
    from: number,
    width: number,
    b: number,
  ): void;
  descendColumns(
    g: number,
    q: number,
    size: number,
    groups: number,
    h: number,
    stride: number,
    columns: number,
    from: number,
    width: number,
    table: number,
    tableSize: number,
    groupOf: number,
    low: number,
    high: number,
    active: number,
    moved: number,
    delta: number,
    block: number,
    b: number,
  ): void;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

const BINARIES: Readonly<Record<WasmFlavour, string>> = {
  simd: SIMD_BASE64,
  'relaxed-simd': RELAXED_SIMD_BASE64,
};

/** True when this engine accepts the binary: the question "is there (relaxed) SIMD" asked directly. */
export function supportsFlavour(flavour: WasmFlavour): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(bytesOf(BINARIES[flavour]));
}

/** Compiled once: instances share the code, also what the engine has optimised of it. */
const modules = new Map<WasmFlavour, WebAssembly.Module>();

function moduleOf(flavour: WasmFlavour): WebAssembly.Module {
  let module = modules.get(flavour);
  if (module === undefined) {
    module = new WebAssembly.Module(bytesOf(BINARIES[flavour]));
    modules.set(flavour, module);
  }
  return module;
}

/** A fresh instance with its own memory. Synchronous: the binary is under 20 kB. Throws where it is not supported. */
export function instantiate(flavour: WasmFlavour): WasmExports {
  const { exports } = new WebAssembly.Instance(moduleOf(flavour), {});
  // The exports are what assembly/index.ts says; the fingerprint of the build ties the two together.
  return exports as unknown as WasmExports;
}
