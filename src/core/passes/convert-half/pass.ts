/**
 * Pass convert-half: the main graph computes in float16 between a Cast at each end; operators that lose too much there,
 * and those around values that the samples show to be large, stay in float32 with Casts around them. Inputs and outputs
 * keep their types. It must not know runtimes.
 */
import type { Statistics } from '../../calibration/types.ts';
import { openDraft } from '../../onnx/draft.ts';
import { PareError } from '../../errors.ts';
import { constantOf, opsetOf } from '../../onnx/build.ts';
import type { Model, Node } from '../../onnx/ir.ts';
import { raiseOpset } from '../../onnx/opset.ts';
import { inferByRule } from '../../onnx/shapes/infer.ts';
import { listWeights } from '../../onnx/weights.ts';
import { withDefaults } from '../params.ts';
import type { LayerChange, Pass, PassContext, PassOutcome, SkippedLayer } from '../types.ts';
import { HalfGraph } from './half-graph.ts';
import { HALF_OPS, staysFloat } from './halves.ts';
import { convertHalfMeta } from './meta.ts';

/** Operators take float16 in every place that is used here from this version on. */
const MIN_OPSET = 9;

export const convertHalfPass: Pass = {
  meta: convertHalfMeta,
  declare: (model, _params, _layers, target) => ({
    of: 'floats',
    ranges: target.fp16 === 'computes' ? [...valuesOf(model).floats] : [],
  }),
  async run(given, params, _layers, context) {
    await context.checkpoint(0, 'looking at the graph');
    const model = withOpset(given);
    const refusal = refusalOf(model, context);
    if (refusal !== undefined) return unchanged(given, refusal);
    const values = valuesOf(model);
    const { floats } = values;
    const { samples } = context.calibration ?? {};
    const statistics = await rangesOf(model, floats, context);
    const limit = Number(withDefaults(convertHalfMeta, params)['limit']);
    const large = largeValues(statistics, limit);
    const draft = openDraft(model);
    const layers = new Map(listWeights(model, draft).map((layer) => [layer.value, layer]));
    const half = new HalfGraph(draft.main, floats);
    const kept = new Map<string, number>();
    const changed: LayerChange[] = [];
    const skipped: SkippedLayer[] = [];
    const { nodes } = model.graph;
    for (const [i, node] of nodes.entries()) {
      if (i % 64 === 0) await context.checkpoint(i / nodes.length, 'converting to fp16');
      const reason = whyFloat(node, values, large);
      if (reason === '') continue;
      if (reason === undefined) half.computeInHalf(node);
      else {
        half.keepInFloat(node);
        kept.set(reason, (kept.get(reason) ?? 0) + 1);
      }
      for (const name of node.inputs) {
        const layer = layers.get(name);
        if (layer === undefined) continue;
        if (reason === undefined) changed.push({ layer: layer.id, precision: 'fp16 compute' });
        else skipped.push({ layer: layer.id, reason });
      }
    }
    if (half.converted === 0) return unchanged(given, 'no operator of the graph computes in fp16');
    const made = half.finish(draft);
    return {
      model: made,
      changed,
      skipped,
      facts: {
        'operators in fp16': half.converted,
        'casts added': half.casts,
        ...(model === given ? {} : { 'operator set': `${opsetOf(given)} → ${MIN_OPSET}` }),
        ...(half.overflowed === 0 ? {} : { 'weights beyond 65504, clamped': half.overflowed }),
        ...(half.flushed === 0 ? {} : { 'weights too small for fp16, now 0': half.flushed }),
        ...Object.fromEntries([...kept].map(([why, count]) => [`in fp32: ${why}`, count])),
        ...rangesNote(statistics, samples?.origin),
      },
    };
  },
};

/** The model itself where it is new enough, or cannot be raised. */
function withOpset(model: Model): Model {
  if (opsetOf(model) >= MIN_OPSET) return model;
  const draft = openDraft(model);
  return raiseOpset(draft, MIN_OPSET).ok ? draft.finish() : model;
}

function unchanged(model: Model, why: string): PassOutcome {
  return { model, changed: [], skipped: [], facts: { 'operators in fp16': 0, note: why } };
}

function refusalOf(model: Model, { target }: PassContext): string | undefined {
  if (target.fp16 !== 'computes') return `${target.label} does not compute in fp16`;
  if (opsetOf(model) < MIN_OPSET)
    return `operator set ${opsetOf(model)} is below ${MIN_OPSET}, and the model cannot be raised to it`;
  if (model.functions.length > 0) return 'the model has local functions';
  const nested = model.graph.nodes.find((n) =>
    n.attributes.some(({ kind }) => kind === 'graph' || kind === 'graphs'),
  );
  return nested === undefined ? undefined : `${nested.opType} has a subgraph that may read any value`;
}

interface Values {
  /** Float32 values that an operator or a caller writes. */
  readonly floats: ReadonlySet<string>;
  /** Every value whose element type is known. */
  readonly known: ReadonlySet<string>;
}

function valuesOf(model: Model): Values {
  const { graph } = model;
  const facts = inferByRule(model, { believeDeclared: true }).of(graph);
  const inputs = graph.inputs.map(({ name }) => name);
  const written = [...inputs, ...graph.nodes.flatMap(({ outputs }) => outputs)];
  const typed = written.filter((name) => name !== '' && facts.get(name)?.type !== undefined);
  const constants = graph.nodes.filter((node) => constantOf(node) !== undefined);
  return {
    floats: new Set(typed.filter((name) => facts.get(name)?.type === 'float32')),
    known: new Set([
      ...typed,
      ...graph.initializers.map(({ name }) => name),
      ...constants.flatMap(({ outputs }) => outputs),
    ]),
  };
}

/** Ranges help but are not needed: where the samples cannot be run, conversion goes on without, and says so. */
async function rangesOf(
  model: Model,
  floats: ReadonlySet<string>,
  context: PassContext,
): Promise<Statistics | undefined> {
  try {
    return await context.calibration?.statistics(
      model,
      { of: 'floats', ranges: [...floats] },
      context.checkpoint.bind(context),
    );
  } catch (error) {
    if (error instanceof PareError && (error.code === 'runtime-refused' || error.code === 'unsupported')) {
      return undefined;
    }
    throw error;
  }
}

function largeValues(statistics: Statistics | undefined, limit: number): ReadonlySet<string> {
  const large = new Set<string>();
  for (const [name, { min, max }] of statistics?.ranges ?? []) {
    // NaN and infinite ranges are no reason to trust fp16 with the value.
    if (!(Math.max(-min, max) < limit)) large.add(name);
  }
  return large;
}

/** '' = it touches no float; undefined = it computes in half; else why not. */
function whyFloat(node: Node, { floats, known }: Values, large: ReadonlySet<string>): string | undefined {
  if (constantOf(node) !== undefined) return '';
  const touches = [...node.inputs, ...node.outputs].filter((name) => floats.has(name));
  if (touches.length === 0) return '';
  const standard = node.domain === '' || node.domain === 'ai.onnx';
  if (!standard || !HALF_OPS.has(node.opType)) return `${node.opType} loses too much or has no kernel`;
  const first = touches.find((name) => large.has(name));
  if (first !== undefined) return 'values are too large on the samples';
  const unknown = node.inputs.find(
    (name, i) => name !== '' && !known.has(name) && !staysFloat(node.opType, i),
  );
  if (unknown !== undefined) return `the type of an input of ${node.opType} is not known`;
  if (node.outputs.some((name) => name !== '' && !floats.has(name)) && node.opType !== 'MaxPool') {
    return `the type of an output of ${node.opType} is not known`;
  }
  return undefined;
}

function rangesNote(
  statistics: Statistics | undefined,
  origin: 'samples' | 'synthetic' | undefined,
): Record<string, string> {
  if (statistics === undefined) return { ranges: 'not measured: values that overflow are not known' };
  const on = origin === 'samples' ? 'samples' : 'made-up inputs';
  return { ranges: `measured on ${statistics.samples} ${on}` };
}
