/** Data of the pass convert-half: label and help. It must not import anything that runs. */
import type { PassMeta } from '../types.ts';

export const convertHalfMeta = {
  id: 'convert-half',
  label: 'Compute in fp16',
  help: 'Runs the network in half floats: half the memory traffic, faster on most GPUs. Operators that lose too much, and values that your samples show to be too large, stay in fp32. Only for targets that compute fp16.',
  exact: false,
  data: 'uses',
  layerParams: [],
  params: {
    limit: {
      kind: 'number',
      label: 'Largest value',
      help: 'Values that reach this on your samples stay in fp32; half floats end at 65504.',
      default: 30000,
      min: 100,
      max: 65504,
      step: 100,
    },
  },
} as const satisfies PassMeta;
