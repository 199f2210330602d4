/**
 * The anchor-free head of YuNet: for the strides 8, 16 and 32 a grid of cells in rows, each with a class score, an
 * objectness and a box.
 *   score = √(cls · obj), both cut to 0..1
 *   centre = (cell + bbox[0..1]) · stride, size = exp(bbox[2..3]) · stride
 * Source: Wu, Peng & Yu, YuNet, Machine Intelligence Research 20 (2023), and the model's published decoding.
 */
import type { Detection } from '../types.ts';
import type { BoxDecoder } from './types.ts';

const STRIDES = [8, 16, 32] as const;

export const yunetDecoder: BoxDecoder = {
  id: 'yunet',
  roles: STRIDES.flatMap((stride) => [`cls_${stride}`, `obj_${stride}`, `bbox_${stride}`]),
  optional: [],
  decode: (outputs, { scoreThreshold, inputWidth }) => {
    const found: Detection[] = [];
    for (const stride of STRIDES) {
      const cls = outputs.get(`cls_${stride}`);
      const obj = outputs.get(`obj_${stride}`);
      const bbox = outputs.get(`bbox_${stride}`);
      if (cls === undefined || obj === undefined || bbox === undefined) {
        return `no outputs are named for stride ${stride}`;
      }
      const cells = cls.count;
      const columns = inputWidth === undefined ? Math.sqrt(cells) : inputWidth / stride;
      if (
        obj.count !== cells ||
        bbox.count !== 4 * cells ||
        !Number.isInteger(columns) ||
        cells % columns !== 0
      ) {
        return `the outputs of stride ${stride} have ${cells}, ${obj.count} and ${bbox.count} values, which make no grid`;
      }
      for (let i = 0; i < cells; i++) {
        const score = Math.sqrt(unit(cls.values[cls.from + i]) * unit(obj.values[obj.from + i]));
        if (!(score >= scoreThreshold)) continue;
        const at = bbox.from + 4 * i;
        const [dx, dy, logWidth, logHeight] = [0, 1, 2, 3].map((k) => bbox.values[at + k]);
        const x = ((i % columns) + dx) * stride;
        const y = (Math.floor(i / columns) + dy) * stride;
        const halfWidth = (Math.exp(logWidth) * stride) / 2;
        const halfHeight = (Math.exp(logHeight) * stride) / 2;
        found.push({
          classIndex: 0,
          score,
          box: [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight],
        });
      }
    }
    return found;
  },
};

function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
