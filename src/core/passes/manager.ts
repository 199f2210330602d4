/**
 * Runs the steps of a recipe: each pass on the model the last one left, checked after every pass, lowered to standard
 * ONNX at the end, with a report of each step. It must not know a particular pass, a page or a thread.
 */
import { mergeRequests } from '../calibration/merge.ts';
import { observe, samplesFact } from '../calibration/observe.ts';
import type { Calibration, StatisticsRequest } from '../calibration/types.ts';
import { PareError } from '../errors.ts';
import { openDraft } from '../onnx/draft.ts';
import type { GraphRunner } from '../onnx/graph-runner.ts';
import type { Model, Tensor } from '../onnx/ir.ts';
import { verifyModel } from '../onnx/verify.ts';
import { editorsByPath, listWeights, readWeight, replaceWeight } from '../onnx/weights.ts';
import { targetOf } from '../targets/registry.ts';
import type { Target, TargetId } from '../targets/types.ts';
import type { KernelSet } from '../tensor/kernel-set.ts';
import { lowerModel } from './lowering/lower.ts';
import type { Lowered, Reverted } from './lowering/lower.ts';
import { seededRandom } from './random.ts';
import { PASSES } from './registry.ts';
import type { LayerChange, Pass, PassContext, PassOutcome, PassStep, SkippedLayer } from './types.ts';

/** What the host gives. */
export interface ApplyContext {
  readonly kernels: KernelSet;
  /** Absent where no runtime can be had: passes then do less and say so. */
  readonly runner: GraphRunner | undefined;
  /** Absent: passes that look at values do without, and say so. */
  readonly calibration?: Calibration | undefined;
  /** Called often; may throw PareError `cancelled`. */
  checkpoint(fraction: number, doing: string): Promise<void>;
  /** Milliseconds of a clock that does not go back. */
  now(): number;
  /** What an exact first step made of this very model, by its text: a host that makes many variants keeps it. */
  readonly firstOutcomes?: Map<string, PassOutcome>;
  /** For tests: other passes than the registered ones. */
  readonly passes?: readonly Pass[];
}

export interface StepReport {
  readonly pass: string;
  readonly changed: readonly LayerChange[];
  readonly skipped: readonly SkippedLayer[];
  readonly facts: Readonly<Record<string, number | string>>;
  readonly millis: number;
}

export interface AppliedRecipe {
  /** Standard ONNX, ready to be written. The given model itself when nothing was changed. */
  readonly model: Model;
  /** The same with compressed weights as data: what layerFloats decodes. */
  readonly logical: Model;
  readonly steps: readonly StepReport[];
}

/** The part of a recipe that is needed to run it. */
export interface RunnableRecipe {
  readonly seed: number;
  readonly steps: readonly PassStep[];
  readonly target?: TargetId;
}

/** Lowering takes about this share of the time of a recipe. */
const LOWERING_SHARE = 0.1;

/**
 * @param recipe checked values (recipe/parse.ts).
 * @throws PareError `cancelled`, `layer-unknown`, `internal` when a pass breaks the graph (with the steps that show it).
 */
export async function applyRecipe(
  model: Model,
  recipe: RunnableRecipe,
  context: ApplyContext,
): Promise<AppliedRecipe> {
  if (recipe.steps.length === 0) return { model, logical: model, steps: [] };
  const known = new Set(listWeights(model).map((layer) => layer.id));
  const wasValid = verifyModel(model).errors.length === 0;
  let logical = model;
  const reports: StepReport[] = [];
  const checkpoint = forward(context.checkpoint.bind(context));
  const random = seededRandom(recipe.seed);
  const target = targetOf(recipe.target);
  let asked = false;
  const observed = context.calibration && observe(context.calibration);
  for (const [i, step] of recipe.steps.entries()) {
    const pass = findPass(context.passes ?? PASSES, step, i);
    refuseUnknownLayers(step, i, known, logical);
    const started = context.now();
    if (!asked && pass.declare !== undefined && context.calibration !== undefined) {
      asked = true;
      const request = declaredFrom(context.passes ?? PASSES, recipe, i, logical, target);
      await collect(context.calibration, logical, request, shareOf(checkpoint, i, recipe.steps.length));
    }
    // What a pass measured on one set of samples is not what it would on another.
    const keeps = i === 0 && pass.meta.exact && pass.meta.data === undefined;
    const kept = keeps ? context.firstOutcomes : undefined;
    const key = JSON.stringify([step.pass, step.params ?? {}, step.layers ?? {}]);
    const outcome =
      kept?.get(key) ??
      (await pass.run(logical, step.params ?? {}, step.layers ?? {}, {
        kernels: context.kernels,
        runner: context.runner,
        random,
        target,
        calibration: observed?.calibration,
        checkpoint: shareOf(checkpoint, i, recipe.steps.length),
      }));
    kept?.set(key, outcome);
    if (wasValid) refuseBroken(logical, outcome.model, recipe, i);
    logical = outcome.model;
    const report = reportOf(step.pass, outcome, context.now() - started);
    reports.push(observed?.used() === true ? withSamples(report, observed.calibration) : report);
  }
  const lowered = await lowerModel(
    logical,
    (fraction, doing) => checkpoint(1 - LOWERING_SHARE * (1 - fraction), doing),
    target,
  );
  if (wasValid) refuseBroken(logical, lowered.model, recipe, recipe.steps.length - 1);
  await checkpoint(1, 'done');
  return {
    model: lowered.model,
    logical: settle(logical, lowered.reverted),
    steps: settledReports(reports, lowered),
  };
}

/** The values of a layer after a recipe, float32, row-major; undefined when the model has no such layer. Never write to them. */
export function layerFloats(logical: Model, layerId: string): Float32Array | undefined {
  const layer = listWeights(logical).find((candidate) => candidate.id === layerId);
  return layer === undefined ? undefined : readWeight(layer.tensor);
}

function findPass(passes: readonly Pass[], step: PassStep, index: number): Pass {
  const found = passes.find((pass) => pass.meta.id === step.pass);
  if (found !== undefined) return found;
  throw new PareError('recipe-invalid', `There is no pass "${step.pass}".`, {
    at: `$.steps[${index}].pass`,
    hint: `Passes: ${passes.map((pass) => pass.meta.id).join(', ')}.`,
  });
}

/** A hint: where the samples cannot be run, each step asks again for itself and says what follows. */
async function collect(
  calibration: Calibration,
  model: Model,
  request: StatisticsRequest,
  checkpoint: Checkpoint,
): Promise<void> {
  try {
    await calibration.statistics(model, request, checkpoint);
  } catch (error) {
    if (error instanceof PareError && (error.code === 'runtime-refused' || error.code === 'unsupported'))
      return;
    throw error;
  }
}

/** What the steps from `index` on will ask of the floats, as far as they can say: one sweep over the samples for all. */
function declaredFrom(
  passes: readonly Pass[],
  recipe: RunnableRecipe,
  index: number,
  model: Model,
  target: Target,
): StatisticsRequest {
  const requests = recipe.steps.slice(index).flatMap((step) => {
    const pass = passes.find(({ meta }) => meta.id === step.pass);
    const request = pass?.declare?.(model, step.params ?? {}, step.layers ?? {}, target);
    return request === undefined ? [] : [request];
  });
  return mergeRequests(requests);
}

/** A layer may be named as it is in the opened model, though an earlier step has merged it away. */
function refuseUnknownLayers(step: PassStep, index: number, known: ReadonlySet<string>, model: Model): void {
  const asked = Object.keys(step.layers ?? {}).filter((id) => !known.has(id));
  if (asked.length === 0) return;
  const present = new Set(listWeights(model).map((layer) => layer.id));
  const unknown = asked.find((id) => !present.has(id));
  if (unknown === undefined) return;
  throw new PareError('layer-unknown', `The model has no layer "${unknown}".`, {
    at: `$.steps[${index}].layers[${JSON.stringify(unknown)}]`,
    hint: 'The recipe was made for another model. Remove the layer from it; `pare inspect` lists the layers.',
  });
}

type Checkpoint = PassContext['checkpoint'];

/** A pass that works in rounds may fall back; what people see does not. */
function forward(checkpoint: Checkpoint): Checkpoint {
  let furthest = 0;
  return (fraction, doing) => {
    furthest = Math.max(furthest, fraction);
    return checkpoint(furthest, doing);
  };
}

function shareOf(checkpoint: Checkpoint, index: number, count: number): Checkpoint {
  const share = (1 - LOWERING_SHARE) / count;
  return (fraction, doing) => checkpoint((index + Math.min(1, fraction)) * share, doing);
}

function refuseBroken(before: Model, after: Model, recipe: RunnableRecipe, index: number): void {
  if (after === before) return;
  const [error] = verifyModel(after).errors;
  const problem = error?.message ?? signatureProblem(before, after);
  if (problem === undefined) return;
  const prefix = JSON.stringify({ ...recipe, steps: recipe.steps.slice(0, index + 1) });
  throw new PareError('internal', `The pass "${recipe.steps[index].pass}" broke the graph: ${problem}`, {
    ...(error?.at === undefined ? {} : { at: error.at }),
    hint: `This is a fault in Pare. Please report it with the model and this recipe: ${prefix}`,
  });
}

/** Outputs must stay; inputs may only lose those that had a default in the file. */
function signatureProblem(before: Model, after: Model): string | undefined {
  const describe = (values: Model['graph']['outputs']): string =>
    values.map((v) => `${v.name}: ${v.type?.elementType ?? v.type?.kind ?? 'unknown'}`).join(', ');
  if (describe(before.graph.outputs) !== describe(after.graph.outputs)) {
    return `its outputs were ${describe(before.graph.outputs)} and are now ${describe(after.graph.outputs)}`;
  }
  const constants = new Set(before.graph.initializers.map((t) => t.name));
  const fed = (model: Model): Model['graph']['inputs'] =>
    model.graph.inputs.filter(
      (v) => !constants.has(v.name) && !model.graph.initializers.some((t) => t.name === v.name),
    );
  if (describe(fed(before)) !== describe(fed(after))) {
    return `its inputs were ${describe(fed(before))} and are now ${describe(fed(after))}`;
  }
  return undefined;
}

function reportOf(pass: string, outcome: PassOutcome, millis: number): StepReport {
  const { changed, skipped, facts } = outcome;
  return { pass, changed, skipped, facts, millis };
}

/** Says what the step looked at; a pass may have said it itself. */
function withSamples(report: StepReport, calibration: Calibration): StepReport {
  return { ...report, facts: { calibration: samplesFact(calibration), ...report.facts } };
}

/** Weights that stayed floats in the file are floats in the logical model too. */
function settle(logical: Model, reverted: readonly Reverted[]): Model {
  if (reverted.length === 0) return logical;
  const draft = openDraft(logical);
  const editors = editorsByPath(draft);
  const tensors = new Map<string, Tensor>(reverted.map(({ layer, tensor }) => [layer, tensor]));
  for (const layer of listWeights(logical, draft)) {
    const tensor = tensors.get(layer.id);
    const editor = editors.get(layer.graph);
    if (tensor !== undefined && editor !== undefined) replaceWeight(editor, layer, tensor);
  }
  return draft.finish();
}

/** Moves what lowering took back from *changed* to *skipped*. A pruned layer stays pruned, with zeros written out. */
function settledReports(reports: readonly StepReport[], lowered: Lowered): StepReport[] {
  const reasons = new Map(lowered.reverted.map(({ layer, reason }) => [layer, reason]));
  return reports.map((report, i) => {
    const undone = report.changed.filter(
      (change) => reasons.has(change.layer) && change.sparsity === undefined,
    );
    const changed = report.changed
      .filter((change) => !undone.includes(change))
      .map((change) => {
        const reason = reasons.get(change.layer);
        return reason === undefined ? change : { ...change, note: `zeros written out: ${reason}` };
      });
    const skipped = undone.map(({ layer }) => ({ layer, reason: reasons.get(layer) ?? '' }));
    const facts = i === reports.length - 1 ? { ...report.facts, ...lowered.facts } : report.facts;
    return { ...report, changed, skipped: [...report.skipped, ...skipped], facts };
  });
}
