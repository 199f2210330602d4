/** Data of the pass smooth-activations: label, help, parameters. It must not import anything that runs. */
import type { PassMeta } from '../types.ts';

export const smoothActivationsMeta = {
  id: 'smooth-activations',
  label: 'Smooth activations',
  help: 'For transformers: moves the scale of channels with outliers from the activations into the weights behind a normalization, measured on your samples. Outputs stay the same to the bit; what is rounded afterwards loses less.',
  exact: true,
  data: 'needs',
  layerParams: [],
  params: {
    method: {
      kind: 'choice',
      label: 'For',
      help: 'SmoothQuant balances activations and weights, for 8 bits on both sides. AWQ protects the weights that large activations meet, for weights in 4 bits and fewer.',
      default: 'smoothquant',
      options: [
        { value: 'smoothquant', label: 'integer arithmetic (SmoothQuant)' },
        { value: 'awq', label: 'weights of few bits (AWQ)' },
      ],
    },
    strength: {
      kind: 'number',
      label: 'Strength',
      help: 'SmoothQuant: how much of the difficulty goes to the weights. 0 none, 1 all of it. AWQ finds its own.',
      default: 0.5,
      min: 0,
      max: 1,
      step: 0.05,
      unit: 'fraction',
    },
  },
} as const satisfies PassMeta;
