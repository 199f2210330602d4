/**
 * Whether a recipe will be faster or slower than the original on this device, before it runs, with the layers that lose
 * and the form that does not. From counts and the device's constants alone; the page runs it at every change. A
 * prediction, shown as one. It must not know graphs, weights or runtimes.
 */
import type { LayerCost } from '../profile/types.ts';
import type { ParamValues } from '../passes/types.ts';
import type { Recipe, RecipeStep } from '../recipe/types.ts';
import { DEFAULT_TARGET } from '../targets/types.ts';
import { breakEvenFanIn, timeOf } from './cost-model.ts';
import type { LayerKind, LayerTime, LayerWork, WorkGraph } from './cost-model.ts';
import { QUANTIZE_ACTIVATIONS, QUANTIZE_WEIGHTS } from './options.ts';
import type { DeviceSpeed } from './types.ts';

/** What the page knows of a layer. */
export interface CountedLayer {
  readonly id: string;
  readonly label: string;
  /** 'Conv 3×3', 'Conv dw 3×3', 'Gemm' … */
  readonly op: string;
  readonly dims: readonly number[];
  readonly elements: number;
  readonly frozen?: string;
}

export interface SlowLayer {
  readonly layer: string;
  readonly label: string;
  /** Nanoseconds that the recipe adds to it. */
  readonly extraNanos: number;
  /** Why, in words. */
  readonly reason: string;
}

export interface SpeedPrediction {
  readonly source: 'predicted';
  /** original / variant; below 1 = slower. */
  readonly speedup: number;
  /** Layers that lose, the dearest first. */
  readonly slow: readonly SlowLayer[];
  /** The same recipe with those layers in the form that does not lose; null where nothing loses. */
  readonly better: { readonly recipe: Recipe; readonly speedup: number } | null;
}

/**
 * @param graph of the worker where it is known; else it is made of counted layers, each feeding the next.
 * @param measured microseconds of layers of the original, from a profile: they take the place of the model's own.
 * @returns undefined for targets that are not timed here.
 */
export function predictSpeed(
  recipe: Recipe,
  from: {
    readonly layers: readonly CountedLayer[];
    readonly graph: WorkGraph;
    readonly speed: DeviceSpeed;
    readonly measured?: Readonly<Record<string, number>>;
  },
): SpeedPrediction | undefined {
  if ((recipe.target ?? DEFAULT_TARGET) !== 'ort-wasm') return undefined;
  const { graph, speed } = from;
  const labels = new Map(from.layers.map(({ id, label }) => [id, label]));
  const measured = scaledProfile(graph, speed, from.measured);
  const forms = graph.layers.map((work) => formOf(work, recipe, speed));
  const time = timeForms(graph, forms, speed, measured);
  const slow = slowLayers(graph, forms, time.layers, labels, speed);
  const speedup = time.floatNanos / time.nanos;
  if (slow.length === 0) return { source: 'predicted', speedup, slow, better: null };
  const kept = withoutLosers(graph, forms, speed, measured);
  const best = timeForms(graph, kept, speed, measured);
  const improved = improvedRecipe(recipe, graph, forms, kept);
  return {
    source: 'predicted',
    speedup,
    slow,
    better: best.nanos < time.nanos ? { recipe: improved, speedup: best.floatNanos / best.nanos } : null,
  };
}

/** Each layer feeds the next: what can be said without the graph. */
export function workFromCounts(
  layers: readonly CountedLayer[],
  costs: { readonly layers: readonly LayerCost[]; readonly activationBytes: number },
): WorkGraph {
  const counted = new Map(costs.layers.map((cost) => [cost.layerId, cost]));
  let before = 0;
  const works = layers
    .filter(({ frozen }) => frozen === undefined)
    .map((layer): LayerWork => {
      const cost = counted.get(layer.id);
      const outputs = (cost?.activationBytes ?? 0) / FLOAT_BYTES;
      const kind = kindOfOp(layer.op);
      const fanIn = outputs > 0 && cost !== undefined ? cost.macs / outputs : 0;
      const work: LayerWork = {
        layer: layer.id,
        kind,
        fanIn,
        outputs,
        inputs: before === 0 ? outputs : before,
        weights: layer.elements,
        // Planes are taken to be square.
        ...(kind === 'depthwise' ? { rows: Math.sqrt(outputs * layer.dims[0]) } : {}),
      };
      before = outputs;
      return work;
    });
  const own = works.reduce((sum, { outputs }) => sum + outputs, 0);
  return {
    layers: works,
    feeds: works.map((_, i) => [i - 1]),
    rest: Math.max(0, costs.activationBytes / FLOAT_BYTES - 2 * own),
  };
}

const FLOAT_BYTES = 4;

function kindOfOp(op: string): LayerKind {
  if (op.startsWith('Conv dw')) return 'depthwise';
  if (op.startsWith('Conv ') || op === 'Conv') return 'convolution';
  return op === 'MatMul' || op === 'Gemm' ? 'product' : 'other';
}

/** How a recipe has a layer computed. */
type Form = 'float' | 'integer' | 'decoded-each-run';

/** MatMulNBits and DequantizeLinear before a product unpack the whole weight at every run: nanoseconds a weight. */
const UNPACK_NANOS = 1.8;
/** Rows from which automatic turns products into integers, and its least fan-in of convolutions. */
const AUTO_ROWS = 4;
const AUTO_FAN_IN = 137;

function formOf(work: LayerWork, { steps }: Recipe, speed: DeviceSpeed): Form {
  const weights = lastOf(steps, QUANTIZE_WEIGHTS, work.layer);
  const activations = lastOf(steps, QUANTIZE_ACTIVATIONS, work.layer);
  const precision = weights === undefined ? 'fp32' : (weights['precision'] ?? 'int8');
  if (activations !== undefined && precision === 'int8' && work.kind !== 'other') {
    const mode = activations['mode'] ?? 'auto';
    if (mode === 'static' || (mode === 'dynamic' && work.kind === 'product')) return 'integer';
    if (mode === 'auto' && autoPays(work, speed)) return 'integer';
  }
  const storage = weights?.['storage'] ?? 'auto';
  const unpacked = storage === 'matmul-nbits' || storage === 'dequantize-linear';
  return unpacked && work.kind === 'product' && precision !== 'fp32' ? 'decoded-each-run' : 'float';
}

function autoPays({ kind, fanIn, outputs, weights }: LayerWork, _speed: DeviceSpeed): boolean {
  if (kind === 'convolution') return fanIn >= AUTO_FAN_IN;
  return kind === 'product' && (outputs * fanIn) / Math.max(1, weights) >= AUTO_ROWS;
}

/** Parameters of the last step of a pass, with the layer's own on top. */
function lastOf(steps: readonly RecipeStep[], pass: string, layer: string): ParamValues | undefined {
  const step = steps.findLast((candidate) => candidate.pass === pass);
  if (step === undefined) return undefined;
  const own = step.layers !== undefined && Object.hasOwn(step.layers, layer) ? step.layers[layer] : {};
  return { ...step.params, ...own };
}

/** A profile says how layers compare; runs are slower while it is on, so that its sum is brought to the model's. */
function scaledProfile(
  graph: WorkGraph,
  speed: DeviceSpeed,
  measured: Readonly<Record<string, number>> | undefined,
): ReadonlyMap<string, number> | undefined {
  if (measured === undefined) return undefined;
  const plain = timeOf(
    graph,
    graph.layers.map(() => false),
    speed,
  );
  const known = plain.layers.filter(({ layer }) => (measured[layer] ?? 0) > 0);
  const own = known.reduce((sum, { floatNanos }) => sum + floatNanos, 0);
  const seen = known.reduce((sum, { layer }) => sum + measured[layer], 0);
  return seen > 0 ? new Map(known.map(({ layer }) => [layer, (measured[layer] * own) / seen])) : undefined;
}

function timeForms(
  graph: WorkGraph,
  forms: readonly Form[],
  speed: DeviceSpeed,
  measured: ReadonlyMap<string, number> | undefined,
): ReturnType<typeof timeOf> {
  const time = timeOf(
    graph,
    forms.map((form) => form === 'integer'),
    speed,
    measured,
  );
  const unpack = graph.layers.reduce((sum, work, i) => sum + unpackNanos(work, forms[i]), 0);
  const layers = time.layers.map((layer, i) => ({
    ...layer,
    nanos: layer.nanos + unpackNanos(graph.layers[i], forms[i]),
  }));
  return { ...time, layers, nanos: time.nanos + unpack };
}

function unpackNanos({ weights }: LayerWork, form: Form): number {
  return form === 'decoded-each-run' ? weights * UNPACK_NANOS : 0;
}

/** Less than this share of a layer's time is within what the model knows. */
const NOTICEABLE = 0.05;

function slowLayers(
  graph: WorkGraph,
  forms: readonly Form[],
  times: readonly LayerTime[],
  labels: ReadonlyMap<string, string>,
  speed: DeviceSpeed,
): SlowLayer[] {
  return times
    .flatMap((time, i): SlowLayer[] => {
      const extraNanos = time.nanos + time.borderNanos - time.floatNanos;
      if (forms[i] === 'float' || extraNanos <= NOTICEABLE * time.floatNanos) return [];
      const label = labels.get(time.layer) ?? time.layer;
      return [
        { layer: time.layer, label, extraNanos, reason: reasonOf(graph.layers[i], forms[i], time, speed) },
      ];
    })
    .sort((a, b) => b.extraNanos - a.extraNanos);
}

function reasonOf(work: LayerWork, form: Form, time: LayerTime, speed: DeviceSpeed): string {
  if (form === 'decoded-each-run') return 'onnxruntime-web unpacks its weights at every run';
  if (work.kind === 'depthwise') return 'a depthwise convolution has no fast integer kernel in WebAssembly';
  const breakEven = breakEvenFanIn(speed);
  if (work.kind === 'convolution' && work.fanIn < breakEven) {
    return `each output sums ${Math.round(work.fanIn)} products, below the break-even ${Math.round(breakEven)} of this device`;
  }
  if (time.nanos <= time.floatNanos)
    return 'turning its values into codes and back takes longer than integer products save';
  return work.kind === 'product'
    ? 'with so few rows reading the weight is all there is to it, and integers read it slower'
    : 'rounding its sums takes longer than integer products save';
}

/** Losers go back to floats one by one, the dearest first, as long as the whole gains: neighbours then have other borders. */
function withoutLosers(
  graph: WorkGraph,
  forms: readonly Form[],
  speed: DeviceSpeed,
  measured: ReadonlyMap<string, number> | undefined,
): readonly Form[] {
  let kept = [...forms];
  let best = timeForms(graph, kept, speed, measured).nanos;
  for (let moved = true; moved;) {
    moved = false;
    for (let i = 0; i < kept.length; i++) {
      if (kept[i] === 'float') continue;
      const tried = kept.with(i, 'float');
      const nanos = timeForms(graph, tried, speed, measured).nanos;
      if (nanos >= best) continue;
      kept = tried;
      best = nanos;
      moved = true;
    }
  }
  const floats = kept.map((): Form => 'float');
  return timeForms(graph, floats, speed, measured).nanos < best ? floats : kept;
}

function improvedRecipe(
  recipe: Recipe,
  graph: WorkGraph,
  forms: readonly Form[],
  kept: readonly Form[],
): Recipe {
  const changed = graph.layers.filter((_, i) => forms[i] !== kept[i]).map(({ layer }) => layer);
  const unpacked = forms.some((form, i) => form === 'decoded-each-run' && kept[i] === 'float');
  const steps = recipe.steps.flatMap((step): RecipeStep[] => {
    if (step.pass === QUANTIZE_WEIGHTS && unpacked)
      return [{ ...step, params: { ...step.params, storage: 'decode-at-load' } }];
    if (step.pass !== QUANTIZE_ACTIVATIONS) return [step];
    if (!kept.includes('integer')) return [];
    const floats = Object.fromEntries(
      changed.map((layer) => [layer, { ...step.layers?.[layer], mode: 'float' }]),
    );
    return [{ ...step, layers: { ...step.layers, ...floats } }];
  });
  return { ...recipe, steps };
}
