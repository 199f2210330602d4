/** Sequences of class scores to text (greedy CTC), and how far a text is from the right one. It must not know pictures. */
import type { ModelPort } from '../../dataset/predictor.ts';
import type { TextTask } from '../../dataset/types.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import { argmax } from '../agreement.ts';
import { codePoints, editDistance, MOST_CODE_POINTS } from './edit-distance.ts';
import type { Outcome } from './outcome.ts';
import type { Truth } from './truth.ts';
import { numbersOf } from './values.ts';

/** Where the steps of one sample lie in the output. */
interface Steps {
  readonly values: ArrayLike<number>;
  readonly from: number;
  readonly stride: number;
  readonly count: number;
  readonly classes: number;
}

/**
 * The steps of sample `row`: [N, T, C], [T, N, C] or, for one sample, [T, C]. Where both leading axes have the
 * batch's size, the declared shape decides: a fixed first and a free second axis is [T, N, C].
 */
function stepsOf(
  tensor: HostTensor,
  port: ModelPort | undefined,
  row: number,
  rows: number,
): Steps | undefined {
  const values = numbersOf(tensor);
  const { dims } = tensor;
  if (dims.length === 2 && rows === 1) {
    return { values, from: 0, stride: dims[1], count: dims[0], classes: dims[1] };
  }
  if (dims.length !== 3) return undefined;
  const [first, second, classes] = dims;
  const shape = port?.shape;
  const timeFirst =
    second === rows &&
    (first !== rows || (typeof shape?.[0] === 'number' && shape[0] > 1 && typeof shape[1] !== 'number'));
  if (timeFirst) return { values, from: row * classes, stride: rows * classes, count: first, classes };
  if (first !== rows) return undefined;
  return { values, from: row * second * classes, stride: classes, count: second, classes };
}

/**
 * Greedy CTC: the best class of each step, runs of the same class once, blanks dropped.
 * Source: Graves et al., Connectionist Temporal Classification, ICML 2006, best path decoding.
 * @returns the text, or a sentence (a plain string) when the output is no such sequence.
 */
export function decodeCtc(
  task: TextTask,
  port: ModelPort | undefined,
  outputs: ReadonlyMap<string, HostTensor>,
  row: number,
  rows: number,
): { readonly text: string } | string {
  const tensor = outputs.get(task.output);
  if (tensor === undefined) return `the model has no output "${task.output}"`;
  const steps = stepsOf(tensor, port, row, rows);
  const shape = `[${tensor.dims.join(', ')}]`;
  if (steps === undefined) {
    return `the output "${task.output}" has the shape ${shape}, where [samples, steps, classes] is expected`;
  }
  const { alphabet, blank } = task;
  if (steps.classes !== alphabet.length + 1) {
    return `the output "${task.output}" has ${steps.classes} classes, where the alphabet of ${alphabet.length} and the blank make ${alphabet.length + 1}`;
  }
  let text = '';
  let last = blank;
  for (let t = 0; t < steps.count; t++) {
    const best = argmax(steps.values, steps.from + t * steps.stride, steps.classes);
    if (best < 0) return 'the model put out values that are no numbers (NaN)';
    if (best !== last && best !== blank) text += alphabet[best > blank ? best - 1 : best];
    last = best;
  }
  return { text };
}

/** Without a label `length` is −1. */
export function scoreText(
  task: TextTask,
  port: ModelPort | undefined,
  outputs: ReadonlyMap<string, HostTensor>,
  row: number,
  rows: number,
  truth: Truth,
): Outcome | string {
  const decoded = decodeCtc(task, port, outputs, row, rows);
  if (typeof decoded === 'string') return decoded;
  const predicted = decoded.text;
  if (truth.kind !== 'text') return { kind: 'text', truth: '', predicted, edits: 0, length: -1 };
  const right = codePoints(truth.text);
  const said = codePoints(predicted);
  if (right === undefined || said === undefined) {
    return `the ${right === undefined ? 'label' : 'prediction'} has more than the ${MOST_CODE_POINTS} characters that are compared`;
  }
  return {
    kind: 'text',
    truth: truth.text,
    predicted,
    edits: editDistance(right, said),
    length: right.length,
  };
}
