/** Data of the pass correct-bias: label, help, parameters. It must not import anything that runs. */
import type { PassMeta } from '../types.ts';

export const correctBiasMeta = {
  id: 'correct-bias',
  label: 'Correct biases',
  help: 'Rounding weights shifts the mean of each channel. This moves the biases back, measured on your samples, and is kept only where the outputs come closer to the original’s. Costs no bytes and no speed.',
  exact: false,
  data: 'needs',
  layerParams: [],
  params: {
    spread: {
      kind: 'flag',
      label: 'Spread too',
      help: 'Also scales each channel so that its standard deviation is the original’s, where its scales can take it up.',
      default: false,
    },
  },
} as const satisfies PassMeta;
