/** Decoders, suppression and the way back to the picture, on outputs that can be checked by hand. */
import { describe, expect, it } from 'vitest';
import type { DetectionTask } from '../../dataset/types.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import { detectBoxes } from './detection.ts';
import type { PictureMapping } from './outcome.ts';
import { suppress } from './suppress.ts';
import type { Detection } from './types.ts';

function tensor(dims: readonly number[], values: readonly number[]): HostTensor {
  return { dataType: 'float32', dims, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

const base: DetectionTask = {
  kind: 'detection',
  decoder: 'boxes',
  outputs: {},
  scoreThreshold: 0.5,
  nmsIou: 0.5,
};
/** A picture of 200 × 100 that fills an input of 100 × 50 at the top left of 100 × 100. */
const mapping: PictureMapping = {
  scaleX: 0.5,
  scaleY: 0.5,
  offsetX: 0,
  offsetY: 0,
  width: 200,
  height: 100,
  inputWidth: 100,
  inputHeight: 100,
};

function decode(
  task: DetectionTask,
  outputs: Record<string, HostTensor>,
  {
    classes = ['a', 'b'],
    row = 0,
    rows = 1,
    fit = mapping,
  }: { classes?: string[]; row?: number; rows?: number; fit?: PictureMapping | null } = {},
): Detection[] | string {
  return detectBoxes(task, classes, new Map(Object.entries(outputs)), row, rows, fit ?? undefined);
}

describe('boxes', () => {
  it('from one output of six columns, cut at the edges of the picture', () => {
    const task = { ...base, outputs: { boxes: 'y' } };
    const y = tensor([2, 2, 6], [...Array<number>(12).fill(0), 10, 20, 30, 80, 0.9, 1, 0, 0, 5, 5, 0.4, 0]);
    expect(decode(task, { y }, { row: 1, rows: 2 })).toEqual([
      { classIndex: 1, score: expect.closeTo(0.9, 6) as number, box: [20, 40, 60, 100] },
    ]);
  });

  it('from boxes, scores and labels that count from 1, y first and as fractions', () => {
    const task = { ...base, outputs: { 'boxes-yx-unit': 'b', scores: 's', 'labels-from-1': 'l' } };
    const outputs = {
      b: tensor([1, 1, 4], [0.1, 0.2, 0.3, 0.4]),
      s: tensor([1, 1], [1]),
      l: tensor([1, 1], [2]),
    };
    const found = decode(task, outputs);
    expect(found).toHaveLength(1);
    const [{ classIndex, box }] = found as Detection[];
    expect(classIndex).toBe(1);
    // Input pixels 20, 10, 40, 30; the picture is twice as large.
    for (const [i, value] of [40, 20, 80, 60].entries()) expect(box[i]).toBeCloseTo(value, 4);
  });

  it('from class scores, with a background in front where there is one class more', () => {
    const task = { ...base, outputs: { boxes: 'b', scores: 's' } };
    const b = tensor([1, 1, 4], [0, 0, 10, 10]);
    const classes = (scores: number[]): number[] =>
      (decode(task, { b, s: tensor([1, 1, scores.length], scores) }) as Detection[]).map(
        (each) => each.classIndex,
      );
    expect(classes([0.9, 0.1])).toEqual([0]);
    expect(classes([0.9, 0.1, 0.8])).toEqual([1]);
  });

  it('says what does not fit', () => {
    expect(decode({ ...base, outputs: { boxes: 'y' } }, {})).toBe('the model has no output "y"');
    expect(decode(base, {})).toMatch(/no output is named as the boxes/);
    expect(decode({ ...base, outputs: { boxes: 'y' } }, { y: tensor([1, 2, 4], Array(8).fill(0)) })).toMatch(
      /without scores/,
    );
    const unit = { ...base, outputs: { 'boxes-unit': 'y' } };
    expect(decode(unit, { y: tensor([1, 1, 6], Array(6).fill(0)) }, { fit: null })).toMatch(
      /size is not known/,
    );
  });
});

describe('ssd', () => {
  it('drops the background and keeps one of two boxes that say the same', () => {
    const task: DetectionTask = { ...base, decoder: 'ssd', outputs: { boxes: 'b', scores: 's' } };
    const outputs = {
      b: tensor([1, 3, 4], [0.1, 0.1, 0.3, 0.3, 0.11, 0.1, 0.31, 0.3, 0.5, 0.1, 0.7, 0.3]),
      s: tensor([1, 3, 2], [0.2, 0.8, 0.1, 0.9, 0.4, 0.6]),
    };
    const found = decode(task, outputs, { classes: ['face'] }) as Detection[];
    expect(found.map(({ score, classIndex }) => [Number(score.toFixed(2)), classIndex])).toEqual([
      [0.9, 0],
      [0.6, 0],
    ]);
    expect(found[0].box[0]).toBeCloseTo(22, 4);
  });
});

describe('yunet', () => {
  /** An input of 64 × 32: grids of 8 × 4, 4 × 2 and 2 × 1 cells. */
  const fit = { ...mapping, scaleX: 1, scaleY: 1, width: 64, height: 32, inputWidth: 64, inputHeight: 32 };
  const roles = [8, 16, 32].flatMap((s) => [`cls_${s}`, `obj_${s}`, `bbox_${s}`]);
  const task: DetectionTask = {
    ...base,
    decoder: 'yunet',
    outputs: Object.fromEntries(roles.map((role) => [role, role])),
  };

  it('decodes a cell of the middle grid', () => {
    const outputs: Record<string, HostTensor> = {};
    for (const [stride, cells] of [
      [8, 32],
      [16, 8],
      [32, 2],
    ] as const) {
      const cls = Array<number>(cells).fill(0);
      const bbox = Array<number>(4 * cells).fill(0);
      if (stride === 16) {
        // Row 1, column 2: centre ((2 + .25)·16, (1 + .5)·16) = (36, 24), size (16·1, 16·½)
        cls[6] = 0.81;
        bbox.splice(24, 4, 0.25, 0.5, 0, -Math.LN2);
      }
      outputs[`cls_${stride}`] = tensor([1, cells, 1], cls);
      outputs[`obj_${stride}`] = tensor([1, cells, 1], Array<number>(cells).fill(1.5));
      outputs[`bbox_${stride}`] = tensor([1, cells, 4], bbox);
    }
    const found = decode(task, outputs, { classes: ['face'], fit }) as Detection[];
    expect(found).toHaveLength(1);
    // √(.81 · 1), the objectness cut to 1
    expect(found[0].score).toBeCloseTo(0.9, 6);
    for (const [i, value] of [28, 20, 44, 28].entries()) expect(found[0].box[i]).toBeCloseTo(value, 4);
  });

  it('refuses outputs that make no grid', () => {
    const outputs = Object.fromEntries(
      roles.map((role) => [role, tensor([1, 7, 1], Array<number>(7).fill(1))]),
    );
    expect(decode(task, outputs, { fit })).toMatch(/make no grid/);
  });
});

describe('suppress', () => {
  const at = (classIndex: number, score: number, left: number): Detection => ({
    classIndex,
    score,
    box: [left, 0, left + 10, 10],
  });
  it('goes class by class, best first', () => {
    // Shifted by 3: 7 / 13 = .54; by 4: 6 / 14 = .43
    expect(suppress([at(0, 0.5, 3), at(0, 0.9, 0), at(1, 0.8, 0), at(0, 0.4, 4)], 0.5)).toEqual([
      at(0, 0.9, 0),
      at(1, 0.8, 0),
      at(0, 0.4, 4),
    ]);
  });
  it('drops what is not finite and bounds the rest', () => {
    const many = Array.from({ length: 5000 }, (_, i) => at(0, i / 5000, 20 * i));
    expect(suppress([at(0, NaN, 0), at(0, 1, Infinity), ...many], 0.5)).toHaveLength(100);
  });
});
