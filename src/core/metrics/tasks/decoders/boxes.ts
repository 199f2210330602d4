/**
 * Boxes that the model has decoded itself. One output [M, 6] of left, top, right, bottom, score, class; or boxes
 * [M, 4] with scores [M] or [M, classes] and, where there is one score a box, labels [M]. It must not know anchors.
 */
import type { Detection } from '../types.ts';
import type { RowView } from '../values.ts';
import type { BoxDecoder, DecodeSetup } from './types.ts';

/** Roles of the output that holds corners: in pixels, as fractions of the input, and as fractions with y first. */
const CORNERS = ['boxes', 'boxes-unit', 'boxes-yx-unit'] as const;

export const boxesDecoder: BoxDecoder = {
  id: 'boxes',
  roles: [],
  optional: [...CORNERS, 'scores', 'labels', 'labels-from-1', 'count'],
  decode: (outputs, setup) => {
    const role = CORNERS.find((each) => outputs.has(each));
    const view = role === undefined ? undefined : outputs.get(role);
    if (role === undefined || view === undefined) return 'no output is named as the boxes';
    const width = view.dims.at(-1) ?? 0;
    if (width < 4)
      return `boxes have the shape [${view.dims.join(', ')}], where [boxes, 4] or [boxes, 6] is expected`;
    const unit = role !== 'boxes';
    const { inputWidth, inputHeight } = setup;
    if (unit && (inputWidth === undefined || inputHeight === undefined)) {
      return 'boxes are fractions of an input whose size is not known';
    }
    const total = view.count / width;
    const counted = outputs.get('count');
    const boxes = counted === undefined ? total : Math.min(total, counted.values[counted.from]);
    const scaleX = unit ? (inputWidth ?? 1) : 1;
    const scaleY = unit ? (inputHeight ?? 1) : 1;
    const box = (i: number): Detection['box'] => {
      const at = view.from + i * width;
      const [a, b, c, d] = [0, 1, 2, 3].map((k) => view.values[at + k]);
      return role === 'boxes-yx-unit'
        ? [b * scaleX, a * scaleY, d * scaleX, c * scaleY]
        : [a * scaleX, b * scaleY, c * scaleX, d * scaleY];
    };
    const scores = outputs.get('scores');
    return scores === undefined
      ? inOneOutput(view, width, boxes, box, setup)
      : withScores(outputs, scores, total, boxes, box, setup);
  },
};

type BoxAt = (i: number) => Detection['box'];

function inOneOutput(
  { values, from }: RowView,
  width: number,
  boxes: number,
  box: BoxAt,
  { scoreThreshold }: DecodeSetup,
): Detection[] | string {
  if (width < 5) return 'boxes come without scores';
  const found: Detection[] = [];
  for (let i = 0; i < boxes; i++) {
    const at = from + i * width;
    const score = values[at + 4];
    if (!(score >= scoreThreshold)) continue;
    found.push({ classIndex: width > 5 ? Math.round(values[at + 5]) : 0, score, box: box(i) });
  }
  return found;
}

function withScores(
  outputs: ReadonlyMap<string, RowView>,
  scores: RowView,
  total: number,
  boxes: number,
  box: BoxAt,
  { scoreThreshold, classes }: DecodeSetup,
): Detection[] | string {
  const perBox = scores.count / total;
  if (!Number.isInteger(perBox)) {
    return `${total} boxes come with scores of the shape [${scores.dims.join(', ')}]`;
  }
  const labels = outputs.get('labels') ?? outputs.get('labels-from-1');
  const first = outputs.has('labels') ? 0 : 1;
  if (labels !== undefined && labels.count !== total) {
    return `${total} boxes come with ${labels.count} labels`;
  }
  // One class more than the labels know: the first is the background.
  const background = perBox === classes + 1 && perBox > 1 ? 1 : 0;
  const found: Detection[] = [];
  for (let i = 0; i < boxes; i++) {
    for (let c = background; c < perBox; c++) {
      const score = scores.values[scores.from + i * perBox + c];
      if (!(score >= scoreThreshold)) continue;
      const classIndex = labels === undefined ? c - background : labels.values[labels.from + i] - first;
      found.push({ classIndex, score, box: box(i) });
    }
  }
  return found;
}
