/** Data of the pass prune-magnitude: labels, help, parameters. It must not import anything that runs. */
import type { PassMeta } from '../types.ts';

export const pruneMagnitudeMeta = {
  id: 'prune-magnitude',
  label: 'Sparsity',
  help: 'Sets the smallest weights to zero. Stored as a bit mask and the kept values, an 80 % sparse model takes about a quarter of its bytes. Accuracy drops with sparsity; speed does not change.',
  exact: false,
  layerParams: ['sparsity'],
  params: {
    sparsity: {
      kind: 'number',
      label: 'Sparsity',
      help: 'Share of weights that become zero. Not used for N:M patterns, which keep N of every M.',
      default: 0.5,
      min: 0,
      max: 0.95,
      step: 0.01,
      unit: 'fraction',
    },
    scope: {
      kind: 'choice',
      label: 'Spread',
      help: 'Over the whole model, where layers that can spare more give more (LAMP score); in each layer alike; or N of every M consecutive inputs.',
      default: 'global',
      options: [
        { value: 'global', label: 'over the whole model' },
        { value: 'uniform', label: 'in each layer alike' },
        { value: 'nm', label: 'N of every M' },
      ],
    },
    pattern: {
      kind: 'choice',
      label: 'Pattern',
      help: 'For N of every M: how many of how many consecutive inputs of an output channel stay.',
      default: '2:4',
      options: [
        { value: '2:4', label: '2 of 4' },
        { value: '4:8', label: '4 of 8' },
      ],
    },
    storage: {
      kind: 'choice',
      label: 'Storage',
      help: 'Bit mask and kept values (small), or zeros written out (for tools that want plain tensors). Automatic: whichever is smaller.',
      default: 'auto',
      options: [
        { value: 'auto', label: 'automatic' },
        { value: 'bitmask', label: 'bit mask' },
        { value: 'dense', label: 'zeros written out' },
      ],
    },
  },
} as const satisfies PassMeta;
