/** A map of class scores, or of classes, against a mask of the right ones. It must not know pictures. */
import type { SegmentationTask } from '../../dataset/types.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import { outputRow } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { MaskPixels, Truth } from './truth.ts';
import type { RowView } from './values.ts';

/**
 * Class of each pixel: the first best of [C, H, W], or the map itself where the output holds classes already (whole
 * numbers, [H, W] or [1, H, W]). One map of floats is refused: where its threshold lies is not known.
 */
function classMap(view: RowView, isWhole: boolean): MaskPixels | string {
  const { values, from, dims } = view;
  const [channels, height, width] = dims.length === 2 ? [1, ...dims] : dims;
  if (dims.length < 2 || dims.length > 3) {
    return `the output has the shape [${dims.join(', ')}] for one sample, where [classes, height, width] is expected`;
  }
  const area = height * width;
  const classes = new Int32Array(area);
  if (channels === 1) {
    if (!isWhole) return 'the output has one map of floats, where one for each class is expected';
    for (let i = 0; i < area; i++) classes[i] = values[from + i];
    return { width, height, classes };
  }
  const best = new Float64Array(area).fill(Number.NEGATIVE_INFINITY);
  for (let c = 0; c < channels; c++) {
    const start = from + c * area;
    for (let i = 0; i < area; i++) {
      const score = values[start + i];
      if (Number.isNaN(score)) return 'the model put out values that are no numbers (NaN)';
      if (score > best[i]) {
        best[i] = score;
        classes[i] = c;
      }
    }
  }
  return { width, height, classes };
}

const WHOLE = new Set(['int64', 'int32', 'int16', 'int8', 'uint8', 'uint16', 'uint32', 'uint64', 'bool']);

/** Predicted classes are read at the mask's size: the pixel whose cell holds the centre of the mask's pixel. */
export function scoreMask(
  task: SegmentationTask,
  outputs: ReadonlyMap<string, HostTensor>,
  row: number,
  rows: number,
  truth: Truth,
): Outcome | string {
  const view = outputRow(outputs, task.output, row, rows);
  if (typeof view === 'string') return view;
  const map = classMap(view, WHOLE.has(outputs.get(task.output)?.dataType ?? ''));
  if (typeof map === 'string') return map;
  if (truth.kind !== 'mask') return 'the sample has no mask';
  return { kind: 'mask', classes: countPixels(truth, map, task.ignore) };
}

function countPixels(
  mask: MaskPixels,
  map: MaskPixels,
  ignore: number | undefined,
): readonly (readonly [number, number, number, number])[] {
  const counts = new Map<number, [number, number, number, number]>();
  const countOf = (classIndex: number): [number, number, number, number] => {
    let found = counts.get(classIndex);
    if (found === undefined) counts.set(classIndex, (found = [classIndex, 0, 0, 0]));
    return found;
  };
  for (let y = 0; y < mask.height; y++) {
    const mapY = Math.floor(((y + 0.5) * map.height) / mask.height);
    for (let x = 0; x < mask.width; x++) {
      const right = mask.classes[y * mask.width + x];
      if (right === ignore) continue;
      const said = map.classes[mapY * map.width + Math.floor(((x + 0.5) * map.width) / mask.width)];
      const ofRight = countOf(right);
      ofRight[2]++;
      if (said === right) ofRight[1]++;
      countOf(said)[3]++;
    }
  }
  return [...counts.values()].sort((a, b) => a[0] - b[0]);
}
