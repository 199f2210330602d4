/** Data of the pass equalize: label and help. It must not import anything that runs. */
import type { PassMeta } from '../types.ts';

export const equalizeMeta = {
  id: 'equalize',
  label: 'Equalize layers',
  help: 'Moves scale between neighbouring layers so that their channels need similar ranges. Outputs stay the same to the bit; what is rounded afterwards loses less, most of all with one scale a tensor.',
  params: {},
  layerParams: [],
  exact: true,
} as const satisfies PassMeta;
