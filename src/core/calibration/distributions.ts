/**
 * The second sweep: histograms over ranges that the first one found, counted inside the graph. It must not know what
 * they are for.
 */
import type { HostTensor } from '../onnx/graph-runner.ts';
import { floatTensor, int, opsetOf, rawTensor, text } from '../onnx/build.ts';
import { openDraft } from '../onnx/draft.ts';
import type { Model } from '../onnx/ir.ts';
import { raiseOpset } from '../onnx/opset.ts';
import { Instrument } from './instrumented.ts';
import type { KnownValue } from './known-values.ts';
import { sweepSamples, type SweepHost } from './sweep.ts';
import type { Checkpoint, ValueHistogram, ValueRange } from './types.ts';

/** As onnxruntime's own calibrators; finer than 8 bits by 8. */
export const HISTOGRAM_BINS = 2048;

/** Operator set in which ScatterElements learned to add. */
export const SCATTER_ADD_OPSET = 16;

export interface HistogramTask {
  readonly value: KnownValue;
  /** Finite. */
  readonly range: ValueRange;
}

/** The model in an operator set that can count; the reason where it cannot be carried over. */
export function countingModel(model: Model): Model | string {
  if (opsetOf(model) >= SCATTER_ADD_OPSET) return model;
  const draft = openDraft(model);
  const raised = raiseOpset(draft, SCATTER_ADD_OPSET);
  return raised.ok ? draft.finish() : raised.reason;
}

/** @throws PareError `runtime-refused` when the runtime cannot compute them all */
export async function sweepHistograms(
  host: SweepHost,
  model: Model,
  tasks: readonly HistogramTask[],
  batch: number,
  checkpoint: Checkpoint,
): Promise<readonly ValueHistogram[]> {
  const histograms = tasks.map(({ range }) => ({
    low: range.min,
    high: range.max,
    counts: new Float64Array(HISTOGRAM_BINS),
  }));
  await sweepSamples(
    host,
    {
      base: model,
      graph: (padded) => histogramGraph(model, tasks, batch, padded),
      take(outputs) {
        const packed = countsOf(outputs);
        for (const [i, { counts }] of histograms.entries()) {
          for (let bin = 0; bin < HISTOGRAM_BINS; bin++) counts[bin] += packed[i * HISTOGRAM_BINS + bin];
        }
      },
    },
    checkpoint,
  );
  return histograms;
}

/** bin = min(⌊(x − low) · bins / (high − low)⌋, bins − 1), counted by a scattered addition of ones. */
export function histogramGraph(
  model: Model,
  tasks: readonly HistogramTask[],
  batch: number,
  padded: boolean,
) {
  const graph = new Instrument(model);
  const rowsInput = padded ? graph.input('samples', 'int64', [null]) : undefined;
  const scalar = (value: number): string => graph.constant(floatTensor('', [], [value]));
  const one = graph.constant(int32Tensor([1], 1));
  const empty = graph.constant(int32Tensor([HISTOGRAM_BINS], 0));
  const count = ({ value: { name, type, dims }, range: { min, max } }: HistogramTask): string => {
    const some = rowsInput === undefined ? name : graph.samplesOf(name, rowsInput, dims, batch);
    const x = graph.float(some, type);
    const perUnit = Math.fround(HISTOGRAM_BINS / (max - min));
    const scaled = graph.add('Mul', [
      min === 0 ? x : graph.add('Sub', [x, scalar(min)]),
      // A single value, or a range too narrow to divide: all in the first bin.
      scalar(Number.isFinite(perUnit) ? perUnit : 0),
    ]);
    // The optimizer may have changed the last bit of a value since the first sweep: the ends are clamped.
    const clamped = graph.add('Clip', [scaled, scalar(0), scalar(HISTOGRAM_BINS - 1)]);
    // A view of what only this chain reads: reshaped before, the value itself would be copied.
    const bins = graph.reshape(graph.cast(clamped, 'int32'), [-1]);
    const ones = graph.add('Expand', [one, graph.add('Shape', [bins])]);
    return graph.add('ScatterElements', [empty, bins, ones], { axis: int(0), reduction: text('add') });
  };
  const parts = graph.inReach(tasks, ({ value }) => value.name, count);
  const packed = graph.concat(parts);
  graph.output(packed);
  const made = { model: graph.finish(), outputs: [packed] };
  return rowsInput === undefined ? made : { ...made, rowsInput };
}

function int32Tensor(dims: readonly number[], value: number) {
  const values = new Int32Array(dims.reduce((a, b) => a * b, 1)).fill(value);
  return rawTensor('', 'int32', dims, new Uint8Array(values.buffer));
}

function countsOf(outputs: ReadonlyMap<string, HostTensor>): Int32Array {
  const [tensor] = outputs.values();
  const { bytes } = tensor;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
