/**
 * SSD heads whose boxes come as corners in 0..1 with a score for each class and the background first: boxes [M, 4],
 * scores [M, 1 + classes]. Source: Liu et al., SSD, ECCV 2016, section 2; the layout of Ultra-Light-Fast's face detector.
 */
import type { Detection } from '../types.ts';
import type { BoxDecoder } from './types.ts';

export const ssdDecoder: BoxDecoder = {
  id: 'ssd',
  roles: ['boxes', 'scores'],
  optional: [],
  decode: (outputs, { scoreThreshold, classes, inputWidth, inputHeight }) => {
    const boxes = outputs.get('boxes');
    const scores = outputs.get('scores');
    if (boxes === undefined || scores === undefined) return 'no outputs are named as boxes and scores';
    if (inputWidth === undefined || inputHeight === undefined) {
      return 'boxes are fractions of an input whose size is not known';
    }
    const total = boxes.count / 4;
    const perBox = scores.count / total;
    if (boxes.dims.at(-1) !== 4 || !Number.isInteger(perBox)) {
      return `boxes [${boxes.dims.join(', ')}] and scores [${scores.dims.join(', ')}] do not fit together`;
    }
    const background = perBox > 1 && perBox !== classes ? 1 : 0;
    const found: Detection[] = [];
    for (let i = 0; i < total; i++) {
      for (let c = background; c < perBox; c++) {
        const score = scores.values[scores.from + i * perBox + c];
        if (!(score >= scoreThreshold)) continue;
        const at = boxes.from + i * 4;
        const [left, top, right, bottom] = [0, 1, 2, 3].map((k) => boxes.values[at + k]);
        found.push({
          classIndex: c - background,
          score,
          box: [left * inputWidth, top * inputHeight, right * inputWidth, bottom * inputHeight],
        });
      }
    }
    return found;
  },
};
