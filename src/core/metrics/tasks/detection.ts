/**
 * A detector's outputs to boxes in the original picture: decoder, class-wise suppression, back through the fit. It must
 * not know what mean average precision is.
 */
import type { DetectionTask } from '../../dataset/types.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import { boxesDecoder } from './decoders/boxes.ts';
import { ssdDecoder } from './decoders/ssd.ts';
import type { BoxDecoder } from './decoders/types.ts';
import { yunetDecoder } from './decoders/yunet.ts';
import { outputRow } from './outcome.ts';
import type { Outcome, PictureMapping } from './outcome.ts';
import { suppress } from './suppress.ts';
import type { Truth } from './truth.ts';
import type { Detection } from './types.ts';
import type { RowView } from './values.ts';

const DECODERS: Readonly<Record<DetectionTask['decoder'], BoxDecoder>> = {
  boxes: boxesDecoder,
  yunet: yunetDecoder,
  ssd: ssdDecoder,
};

/** Boxes of one sample in pixels of the original picture, best first; or a sentence. */
export function detectBoxes(
  task: DetectionTask,
  classes: readonly string[],
  outputs: ReadonlyMap<string, HostTensor>,
  row: number,
  rows: number,
  mapping: PictureMapping | undefined,
): Detection[] | string {
  const decoder = DECODERS[task.decoder];
  const views = new Map<string, RowView>();
  for (const role of [...decoder.roles, ...decoder.optional]) {
    const name = Object.hasOwn(task.outputs, role) ? task.outputs[role] : undefined;
    if (name === undefined) continue;
    const view = outputRow(outputs, name, row, rows);
    if (typeof view === 'string') return view;
    views.set(role, view);
  }
  const found = decoder.decode(views, {
    scoreThreshold: task.scoreThreshold,
    classes: classes.length,
    ...(mapping === undefined ? {} : { inputWidth: mapping.inputWidth, inputHeight: mapping.inputHeight }),
  });
  if (typeof found === 'string') return found;
  const kept = suppress(found, task.nmsIou);
  return mapping === undefined
    ? kept
    : kept.map((detection) => ({ ...detection, box: back(detection.box, mapping) }));
}

function back([left, top, right, bottom]: Detection['box'], fit: PictureMapping): Detection['box'] {
  const x = (value: number): number => Math.min(fit.width, Math.max(0, (value - fit.offsetX) / fit.scaleX));
  const y = (value: number): number => Math.min(fit.height, Math.max(0, (value - fit.offsetY) / fit.scaleY));
  return [x(left), y(top), x(right), y(bottom)];
}

export function scoreBoxes(
  task: DetectionTask,
  classes: readonly string[],
  outputs: ReadonlyMap<string, HostTensor>,
  row: number,
  rows: number,
  truth: Truth,
  mapping: PictureMapping | undefined,
): Outcome | string {
  const predicted = detectBoxes(task, classes, outputs, row, rows, mapping);
  if (typeof predicted === 'string') return predicted;
  // A picture without an entry in the labels is not one without objects.
  if (truth.kind !== 'boxes') return { kind: 'boxes', truth: [], predicted, unlabelled: true };
  return { kind: 'boxes', truth: truth.boxes, predicted };
}
