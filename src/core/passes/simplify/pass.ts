/**
 * The simplify pass: rewrites that keep every output up to float rounding, repeated until nothing changes. Never gives
 * a larger file than it was given. The algebra stands in the files beside this one; docs/passes/simplify.md tells the
 * whole. It must not know pages or a particular runtime.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Model, ValueInfo } from '../../onnx/ir.ts';
import { overridableInitializers, overridableReason } from '../../onnx/overridable.ts';
import { sizeOf } from '../../onnx/write.ts';
import { isSize, type Fact } from '../../onnx/shapes/fact.ts';
import { subgraphsOf } from '../../onnx/shapes/order.ts';
import type { LayerChange, Pass, PassContext, PassOutcome, SkippedLayer } from '../types.ts';
import { LINEAR_REWRITES } from './fold-linear.ts';
import { foldByRunning, foldCandidates } from './fold-run.ts';
import { foldStatic } from './fold-static.ts';
import { HARD_SIGMOID_REWRITES } from './hard-sigmoid.ts';
import { constantsToInitializers, mergeEqualNodes, removeDead, shareInitializers } from './hygiene.ts';
import { inlineIfs } from './inline-if.ts';
import { ARITHMETIC_REWRITES } from './merge-arithmetic.ts';
import { SIMPLIFY_META } from './meta.ts';
import { NOOP_REWRITES } from './noops.ts';
import { PAD_REWRITES } from './pads.ts';
import { RESHAPE_REWRITES } from './reshapes.ts';
import { STRIDED_REWRITES } from './strided.ts';
import { turnPlanes } from './turn-planes.ts';
import { count, onnxOp, openWork, type Ledger, type Rewrite, type Work } from './work.ts';

/** Each round removes or merges something; real models need about ten. A bound, in case two rewrites ever disagree. */
const MAX_ROUNDS = 200;
/** Nodes looked at between two chances to breathe or be cancelled: well below 20 ms. */
const NODES_PER_CHECKPOINT = 64;
/** IR 4 made initializers that are not inputs legal. */
const FREE_INITIALIZERS_IR = 4;

const REWRITES: readonly Readonly<Record<string, readonly Rewrite[]>>[] = [
  NOOP_REWRITES,
  PAD_REWRITES,
  HARD_SIGMOID_REWRITES,
  LINEAR_REWRITES,
  ARITHMETIC_REWRITES,
  RESHAPE_REWRITES,
  STRIDED_REWRITES,
];

export const simplifyPass: Pass = {
  meta: SIMPLIFY_META,
  run: (model, _params, _layers, context) => simplify(model, context),
};

/**
 * Simplifies. When storing computed constants made the file larger after all, once more without computing any; when
 * that is larger too, the model is returned as it is.
 * @throws PareError `cancelled`, `invalid-graph` (cyclic graph), `runtime-crashed`. */
export async function simplify(model: Model, context: SimplifyContext): Promise<PassOutcome> {
  const full = await simplifyOnce(model, context);
  if (full.facts.kept === undefined || context.runner === undefined) return full;
  return simplifyOnce(model, { ...context, runner: undefined });
}

export type SimplifyContext = Pick<PassContext, 'runner' | 'checkpoint'>;

async function simplifyOnce(model: Model, context: SimplifyContext): Promise<PassOutcome> {
  const ledger: Ledger = { counts: new Map(), skipped: new Map(), folded: new Map() };
  const fixed = fixedInitializers(model);
  if (fixed.size > 0 && model.irVersion < FREE_INITIALIZERS_IR) {
    for (const [name, reason] of fixed) ledger.skipped.set(name, reason);
    return outcome(model, model, ledger, 0);
  }
  let current = model;
  const refused = new Map<string, string>();
  let unfolded = 0;
  let turned = false;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await context.checkpoint(Math.min(0.95, round / 20), `simplify: round ${round + 1}`);
    ledger.skipped.clear();
    for (const [name, reason] of fixed) ledger.skipped.set(name, reason);
    for (const layer of refused.values())
      ledger.skipped.set(layer, 'the runtime refuses to compute this constant');
    const work = openWork(current, ledger);
    const wrong = wrongOutput(work);
    if (wrong !== undefined) {
      ledger.skipped.set(wrong.name, 'the shape that this output declares is not the shape that it has');
      return outcome(model, model, ledger, 0);
    }
    let changed = await rewriteOnce(work, context);
    if (fixed.size === 0 && listsInitializers(work)) changed = true;
    if (!changed && context.runner !== undefined) {
      changed = await foldByRunning(current, work, context.runner, refused);
    } else if (!changed) unfolded = foldCandidates(work).reduce((sum, { nodes }) => sum + nodes.length, 0);
    const next = changed ? finishRound(work, fixed) : current;
    if (next !== current) current = next;
    else if (turned) break;
    else {
      // Once, when nothing else is left to do; then once more around, for Transposes that meet.
      turned = true;
      current = turnIfNoLarger(current, model, ledger, fixed);
    }
  }
  return outcome(model, current, ledger, unfolded);
}

/** A gain in speed is no reason for a larger file: simplify promises one that is not. */
function turnIfNoLarger(
  current: Model,
  before: Model,
  ledger: Ledger,
  fixed: ReadonlyMap<string, string>,
): Model {
  const work = openWork(current, ledger);
  const weights = turnPlanes(work);
  if (weights.length === 0) return current;
  const next = finishRound(work, fixed);
  if (sizeOf(next) > sizeOf(before)) return current;
  count(work, 'kernels turned to longer rows', weights.length);
  for (const name of weights) {
    const notes = ledger.folded.get(name) ?? new Set();
    ledger.folded.set(name, notes.add('rows and columns swapped'));
  }
  return next;
}

/**
 * Initializers that callers may override stay out of everything. Before IR 4 all of them had to be listed, so that
 * listing says nothing, unless no other input is left.
 */
function fixedInitializers(model: Model): ReadonlyMap<string, string> {
  const { graph } = model;
  const names = new Set(graph.initializers.map((tensor) => tensor.name));
  const forced =
    model.irVersion < FREE_INITIALIZERS_IR && graph.inputs.some((input) => !names.has(input.name));
  if (forced) return new Map();
  return new Map([...overridableInitializers(graph)].map((name) => [name, overridableReason(name)]));
}

async function rewriteOnce(work: Work, context: SimplifyContext): Promise<boolean> {
  const graphs = work.draft.graphs();
  for (const graph of graphs) if (inlineIfs(graph, work)) return true;
  let changed = false;
  const note = (result: boolean): void => {
    changed = result || changed;
  };
  for (const graph of graphs) {
    note(constantsToInitializers(graph, work));
    note(foldStatic(graph, work));
    note(mergeEqualNodes(graph, work));
    note(await rewriteNodes(graph, work, context));
    note(removeDead(graph, work));
    await context.checkpoint(0.5, 'simplify');
  }
  note(shareInitializers(work));
  return changed;
}

/** Rewrites that store new constants need initializers; local functions have none, so that they are left alone. */
async function rewriteNodes(graph: GraphEditor, work: Work, context: SimplifyContext): Promise<boolean> {
  if (graph.kind === 'function') return false;
  let changed = false;
  let seen = 0;
  for (const listed of graph.nodes) {
    if (++seen % NODES_PER_CHECKPOINT === 0) await context.checkpoint(0.5, 'simplify');
    for (const table of REWRITES) {
      const node = graph.current(listed);
      const op = onnxOp(node);
      // A node that another rewrite changed waits for the next round, when what is known of it is fresh.
      if (node === undefined || node !== listed || op === undefined) break;
      for (const rewrite of table[op] ?? []) {
        if (graph.current(listed) !== listed) break;
        if (!rewrite(node, graph, work)) continue;
        changed = true;
        // A fold may have worked through a large weight.
        await context.checkpoint(0.5, 'simplify');
      }
    }
  }
  return changed;
}

/** A declared shape that the nodes cannot give: runtimes refuse it as soon as they can infer the true one. */
function contradicts(declared: ValueInfo, found: Fact | undefined): boolean {
  const [claim, truth] = [declared.type?.shape, found?.shape];
  if (claim === undefined || truth === undefined) return false;
  if (claim.length !== truth.length) return true;
  return claim.some((dim, i) => isSize(dim) && isSize(truth[i]) && dim !== truth[i]);
}

/** The output whose declaration is wrong, if there is one: only the user can tell what was meant. */
function wrongOutput(work: Work): ValueInfo | undefined {
  const { main } = work.draft;
  return main.outputs.find((output) => contradicts(output, work.fact(main, output.name)));
}

function finishRound(work: Work, fixed: ReadonlyMap<string, string>): Model {
  const { draft } = work;
  for (const graph of draft.graphs()) {
    for (const info of graph.valueInfos) {
      if (contradicts(info, work.fact(graph, info.name))) graph.removeValueInfo(info.name);
    }
  }
  for (const graph of draft.graphs()) graph.sort();
  if (fixed.size === 0) unlist(work);
  return draft.finish();
}

function listsInitializers({ draft: { main } }: Work): boolean {
  return [...main.initializers.keys()].some((name) => main.isGraphInput(name));
}

/** Initializers that are listed as inputs out of habit: they are constants. */
function unlist(work: Work): void {
  const { main, base } = work.draft;
  for (const name of [...main.initializers.keys()]) main.removeInput(name);
  if (base.irVersion < FREE_INITIALIZERS_IR) work.draft.setIrVersion(FREE_INITIALIZERS_IR);
}

function outcome(before: Model, after: Model, ledger: Ledger, unfolded: number): PassOutcome {
  const skipped: SkippedLayer[] = [...ledger.skipped].map(([layer, reason]) => ({ layer, reason }));
  const [bytesBefore, bytesAfter] = [sizeOf(before), sizeOf(after)];
  const size = { 'nodes before': countNodes(before), 'bytes before': bytesBefore };
  if (after !== before && bytesAfter > bytesBefore) {
    const facts = { ...size, 'nodes after': countNodes(before), 'bytes after': bytesBefore };
    return {
      model: before,
      changed: [],
      skipped,
      facts: {
        ...facts,
        kept: `the simplified file would be ${bytesAfter - bytesBefore} bytes larger, so the model is kept as it is`,
      },
    };
  }
  return {
    model: after,
    changed: [...ledger.folded].map(([layer, notes]): LayerChange => ({
      layer,
      note: [...notes].join(', '),
    })),
    skipped,
    facts: {
      ...size,
      'nodes after': countNodes(after),
      'bytes after': bytesAfter,
      ...Object.fromEntries(ledger.counts),
      ...(unfolded > 0
        ? { 'not folded': `${unfolded} constant nodes need a runtime, and none was given` }
        : {}),
    },
  };
}

/** Nodes of the main graph and of all subgraphs; local functions are not counted. */
export function countNodes(model: Model): number {
  let total = 0;
  const pending = [model.graph];
  for (let graph = pending.pop(); graph !== undefined; graph = pending.pop()) {
    total += graph.nodes.length;
    for (const node of graph.nodes) pending.push(...subgraphsOf(node));
  }
  return total;
}
