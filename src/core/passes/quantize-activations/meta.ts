/** Data of the pass quantize-activations: labels, help, parameters. It must not import anything that runs. */
import type { PassMeta } from '../types.ts';

export const quantizeActivationsMeta = {
  id: 'quantize-activations',
  label: 'Integer arithmetic',
  help: 'Lets layers with 8-bit weights compute in 8-bit integers: the values between layers get scales too, found on calibration samples. Large convolutions and matrix products run 1.5 to 2.5 times faster; small and depthwise ones would be slower, so that automatic leaves them alone.',
  exact: false,
  data: 'needs',
  layerParams: ['mode', 'range'],
  params: {
    mode: {
      kind: 'choice',
      label: 'Layers',
      help: 'Automatic: where integers are faster on the target. Static: wherever there is an integer kernel. Dynamic: matrix products find the range of their input at every run, which needs no calibration. Floats: none.',
      default: 'auto',
      options: [
        { value: 'auto', label: 'automatic' },
        { value: 'static', label: 'static, everywhere' },
        { value: 'dynamic', label: 'dynamic' },
        { value: 'float', label: 'floats' },
      ],
    },
    range: {
      kind: 'choice',
      label: 'Ranges',
      help: 'What of the values seen on the samples is represented: all, all but 0.01 %, the range with the least squared error, or the one that keeps most information (KL divergence). Automatic: all, unless outliers make that ten times as bad as the least squared error.',
      default: 'auto',
      options: [
        { value: 'auto', label: 'automatic' },
        { value: 'minmax', label: 'smallest to largest' },
        { value: 'percentile', label: '99.99 %' },
        { value: 'mse', label: 'least squared error' },
        { value: 'entropy', label: 'entropy (KL)' },
      ],
    },
  },
} as const satisfies PassMeta;
