/** Predicted values beside the right ones. It must not know units. */
import type { RegressionTask } from '../../dataset/types.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import { outputRow } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Truth } from './truth.ts';

/** Without a label `truth` is empty. */
export function scoreNumbers(
  task: RegressionTask,
  outputs: ReadonlyMap<string, HostTensor>,
  row: number,
  rows: number,
  truth: Truth,
): Outcome | string {
  const view = outputRow(outputs, task.output, row, rows);
  if (typeof view === 'string') return view;
  const { values, from, count } = view;
  const predicted = Array.from({ length: count }, (_, i) => values[from + i]);
  if (!predicted.every(Number.isFinite)) return 'the model put out a value that is no finite number';
  if (truth.kind !== 'numbers') return { kind: 'numbers', truth: [], predicted };
  if (truth.values.length !== count) {
    return `the label holds ${truth.values.length} values, and the output "${task.output}" has ${count} for one sample`;
  }
  return { kind: 'numbers', truth: truth.values, predicted };
}
