/** The likeliest sizes for a model's free dimensions, from its graph alone. It must not load or run anything. */
import type { Dimension, Model } from '../core/onnx/ir.ts';
import { dimensionTrials } from './inputs.ts';
import type { DimensionSizes } from './inputs.ts';

/** What a measurement tries first; what it found to work is better and belongs into `settings`. */
export function guessSizes({ graph }: Model, settings: DimensionSizes): DimensionSizes {
  const defaults = new Set(graph.initializers.map(({ name }) => name));
  const free = (dim: Dimension): Dimension =>
    dim === '' || (typeof dim === 'number' && dim < 0) ? null : dim;
  const inputs = graph.inputs.flatMap(({ name, type }) =>
    defaults.has(name) || type?.elementType === undefined || type.shape === undefined
      ? []
      : [{ name, dataType: type.elementType, shape: type.shape.map(free) }],
  );
  return { ...settings, ...dimensionTrials(inputs, settings)[0] };
}
