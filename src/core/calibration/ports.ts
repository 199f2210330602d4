/** The inputs that a model must be fed, read from its graph. It must not know data. */
import type { ModelPort } from '../dataset/predictor.ts';
import type { Model } from '../onnx/ir.ts';
import { overridableInitializers } from '../onnx/overridable.ts';

/** A literal size below zero is a free one. */
export function portsOf({ graph }: Model): readonly ModelPort[] {
  const initializers = new Set(graph.initializers.map(({ name }) => name));
  const overridable = overridableInitializers(graph);
  return graph.inputs
    .filter(({ name }) => !initializers.has(name) || overridable.has(name))
    .map(({ name, type }) => ({
      name,
      dataType: type?.elementType ?? 'undefined',
      shape: type?.shape?.map((d) => (typeof d === 'number' && d < 0 ? null : d)) ?? null,
    }));
}
