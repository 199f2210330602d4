/**
 * Memory for the matrix kernels: instances of the WASM module of their own, because a Gram matrix is larger than any chunk, and
 * because work that pauses must not share its memory with what runs in between. It must not know what the kernels compute.
 */
import type { Pause, Steps } from './steps.ts';
import { finish, finishPausing } from './steps.ts';
import { Arena } from './wasm-memory.ts';
import type { WasmExports, WasmFlavour } from './wasm-module.ts';
import { instantiate } from './wasm-module.ts';

export interface Workspace {
  readonly wasm: WasmExports;
  readonly arena: Arena;
}

/** Linear memory never shrinks: an instance that holds more than this is given up after use. */
const KEPT_BYTES = 32 * 2 ** 20;

/** Hands out instances: one is kept, a second one is made only while the first is in use. */
export class Workspaces {
  readonly #flavour: WasmFlavour;
  #idle: Workspace | undefined;

  constructor(flavour: WasmFlavour) {
    this.#flavour = flavour;
  }

  take(): Workspace {
    const idle = this.#idle;
    this.#idle = undefined;
    if (idle !== undefined) return idle;
    const wasm = instantiate(this.#flavour);
    return { wasm, arena: new Arena(wasm.memory, wasm.heapBase()) };
  }

  giveBack(workspace: Workspace): void {
    if (workspace.arena.heldBytes <= KEPT_BYTES) this.#idle = workspace;
  }

  /** Steps in a workspace: at once, or pausing. */
  run<T>(stepsOf: (workspace: Workspace) => Steps<T>, pause: Pause | undefined): T | Promise<T> {
    if (pause === undefined) return this.use((workspace) => finish(stepsOf(workspace)));
    const workspace = this.take();
    return finishPausing(stepsOf(workspace), pause).finally(() => this.giveBack(workspace));
  }

  use<T>(work: (workspace: Workspace) => T): T {
    const workspace = this.take();
    try {
      return work(workspace);
    } finally {
      this.giveBack(workspace);
    }
  }

  /** Bytes of linear memory held between calls. */
  get heldBytes(): number {
    return this.#idle?.arena.heldBytes ?? 0;
  }
}
