/**
 * Gram matrices of the layers' inputs: a few layers at a time, so that the sums and what leaves the runtime stay inside a
 * budget; each group of layers is one sweep over the samples. It must not know what the matrices are for.
 */
import { PareError } from '../errors.ts';
import type { HostTensor } from '../onnx/graph-runner.ts';
import { openDraft } from '../onnx/draft.ts';
import { opsetOf } from '../onnx/build.ts';
import type { Model } from '../onnx/ir.ts';
import { raiseOpset } from '../onnx/opset.ts';
import { seededRandom } from '../random.ts';
import type { MatrixKernels } from '../tensor/kernel-set.ts';
import { GramSum } from './gram-sum.ts';
import { planRows, type RowPlan, type RowSource } from './gram-rows.ts';
import { gramTasks, type LayerTasks } from './gram-tasks.ts';
import { Instrument } from './instrumented.ts';
import { knowValues, type KnownValue } from './known-values.ts';
import { assertRuns, firstBatch } from './statistics.ts';
import { batchSizeOf, sweepSamples, type SweepHost } from './sweep.ts';
import type { Checkpoint, LayerGram } from './types.ts';

export interface GramHost extends SweepHost {
  readonly kernels: Pick<MatrixKernels, 'accumulateGram'>;
}

/** Operator set from which the widths of Pad are an input. */
const PAD_INPUT_OPSET = 11;
/** Where patches are taken. The same samples give the same matrices. */
const SEED = 20_061;
/** Of the sums, buffers and rows of one sweep. */
const BUDGET_BYTES = 192 * 2 ** 20;
const LAYERS_A_SWEEP = 64;

/**
 * Rows in total for n columns. 4 to 8 rows a column estimate a covariance about as well as all of them do for the
 * rounding of weights; below some thousand rows small layers would follow the accidents of the samples.
 */
export function wantedRows(columns: number): number {
  return Math.max(2048, columns <= 1024 ? 8 * columns : 4 * columns);
}

interface PlannedLayer extends LayerTasks {
  readonly plans: readonly RowPlan[];
  /** Bytes while it is summed. */
  readonly bytes: number;
}

type Visit = (layer: string, gram: LayerGram | string) => Promise<void>;

/** @param model without encoded weights */
export async function gatherGrams(
  host: GramHost,
  given: Model,
  layers: readonly string[],
  checkpoint: Checkpoint,
  visit: Visit,
): Promise<void> {
  const raised = withPadInput(given);
  const model = typeof raised === 'string' ? given : raised;
  const all = gramTasks(model);
  const first = await firstBatch(host);
  const values = layers.flatMap((layer) => {
    const found = all.get(layer);
    return typeof found === 'object' ? found.tasks.map(({ value }) => value) : [];
  });
  const known = await knowValues(model, values, first, host.runner, checkpoint);
  if (known.refused) await assertRuns(host, model, first);
  const size = batchSizeOf(first, model);
  const plan = (layer: string): PlannedLayer | string => {
    const found = all.get(layer) ?? 'the model has no such layer';
    if (typeof found === 'string') return found;
    if (typeof raised === 'string' && found.tasks.some(({ kind }) => kind === 'conv')) return raised;
    return planLayer(found, known.values, known.missing, host.samples.count, size);
  };
  const work = new GramSweeps(host, model, size, visit);
  let group: PlannedLayer[] = [];
  let done = 0;
  const flush = async (): Promise<void> => {
    const [from, to] = [done / layers.length, (done + group.length) / layers.length];
    await work.sweep(group, (fraction, doing) => checkpoint(from + (to - from) * fraction, doing));
    done += group.length;
    group = [];
  };
  for (const layer of layers) {
    const planned = plan(layer);
    if (typeof planned === 'string') {
      await flush();
      await visit(layer, planned);
      done++;
      continue;
    }
    const bytes = group.reduce((sum, each) => sum + each.bytes, planned.bytes);
    if (group.length > 0 && (bytes > BUDGET_BYTES || group.length >= LAYERS_A_SWEEP)) await flush();
    group.push(planned);
  }
  await flush();
}

/** The model in an operator set whose Pad takes widths that are computed; the reason where it cannot be carried over. */
function withPadInput(model: Model): Model | string {
  if (opsetOf(model) >= PAD_INPUT_OPSET) return model;
  const draft = openDraft(model);
  const raised = raiseOpset(draft, PAD_INPUT_OPSET);
  return raised.ok ? draft.finish() : `its input cannot be sampled: ${raised.reason}`;
}

function planLayer(
  found: LayerTasks,
  values: ReadonlyMap<string, KnownValue>,
  missing: ReadonlyMap<string, string>,
  samples: number,
  samplesInRun: number,
): PlannedLayer | string {
  const { groups, columns } = found;
  const wanted = Math.ceil(wantedRows(columns) / samples);
  const plans: RowPlan[] = [];
  for (const task of found.tasks) {
    const value = values.get(task.value);
    if (value === undefined) return `its input \`${task.value}\`: ${missing.get(task.value) ?? 'not known'}`;
    const plan = planRows(task, value, samplesInRun, wanted);
    if (typeof plan === 'string') return plan;
    plans.push(plan);
  }
  const rowsInRun = plans.reduce((sum, { rowsASample }) => sum + rowsASample * samplesInRun, 0);
  const bytes = GramSum.bytes(groups, columns) + 4 * rowsInRun * groups * columns;
  return { ...found, plans, bytes };
}

class GramSweeps {
  readonly #host: GramHost;
  readonly #model: Model;
  readonly #batch: number;
  readonly #visit: Visit;

  constructor(host: GramHost, model: Model, batch: number, visit: Visit) {
    this.#host = host;
    this.#model = model;
    this.#batch = batch;
    this.#visit = visit;
  }

  /** One sweep for all of them; where the runtime refuses, in halves. */
  async sweep(layers: readonly PlannedLayer[], checkpoint: Checkpoint): Promise<void> {
    if (layers.length === 0) return;
    let sums: readonly GramSum[];
    try {
      sums = await this.#run(layers, checkpoint);
    } catch (error) {
      if (!(error instanceof PareError) || error.code !== 'runtime-refused') throw error;
      if (layers.length === 1)
        return this.#visit(layers[0].layer, `its input cannot be sampled: ${error.message}`);
      const half = Math.ceil(layers.length / 2);
      await this.sweep(layers.slice(0, half), checkpoint);
      return this.sweep(layers.slice(half), checkpoint);
    }
    for (const [i, { layer }] of layers.entries()) await this.#visit(layer, sums[i].gram(layer));
  }

  async #run(layers: readonly PlannedLayer[], checkpoint: Checkpoint): Promise<readonly GramSum[]> {
    const { kernels } = this.#host;
    const sums = layers.map(({ groups, columns }) => new GramSum(kernels, groups, columns));
    const random = seededRandom(SEED);
    let sources: readonly (readonly RowSource[])[] = [];
    let fraction = 0;
    const breathe = (): Promise<void> => checkpoint(fraction, `summing ${layers[0].layer} and others`);
    const built = new Map<boolean, readonly (readonly RowSource[])[]>();
    await sweepSamples(
      this.#host,
      {
        base: this.#model,
        graph: (padded) => {
          const made = this.#graph(layers, padded, random);
          built.set(padded, made.sources);
          return made;
        },
        extraFeeds: (batch, padded) => {
          sources = built.get(padded) ?? [];
          return new Map(sources.flat().map((source) => source.feed(batch.rows)));
        },
        take: async (outputs) => {
          for (const [i, some] of sources.entries()) {
            for (const { output } of some) {
              const rows = outputs.get(output);
              if (rows !== undefined) await sums[i].add(floats(rows), breathe);
            }
          }
        },
      },
      (part, doing) => {
        fraction = part;
        return checkpoint(part, doing);
      },
    );
    for (const sum of sums) await sum.finish(breathe);
    return sums;
  }

  #graph(layers: readonly PlannedLayer[], padded: boolean, random: ReturnType<typeof seededRandom>) {
    const graph = new Instrument(this.#model);
    const rowsInput = padded ? graph.input('samples', 'int64', [null]) : undefined;
    const seen = new Map<string, string>();
    const floatsOf = (value: KnownValue): string => {
      const some =
        rowsInput === undefined
          ? value.name
          : graph.samplesOf(value.name, rowsInput, value.dims, this.#batch);
      const made = seen.get(value.name) ?? graph.float(some, value.type);
      seen.set(value.name, made);
      return made;
    };
    const all = layers.flatMap(({ plans }, layer) => plans.map((plan) => ({ layer, plan })));
    const built = graph.inReach(
      all,
      ({ plan }) => plan.value.name,
      ({ layer, plan }) => ({
        layer,
        source: plan.build(graph, floatsOf(plan.value), random),
      }),
    );
    const sources = layers.map((_, i) => built.flatMap(({ layer, source }) => (layer === i ? [source] : [])));
    const outputs = built.map(({ source }) => source.output);
    const made = { model: graph.finish(), outputs, sources };
    return rowsInput === undefined ? made : { ...made, rowsInput };
  }
}

function floats({ bytes }: HostTensor): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
