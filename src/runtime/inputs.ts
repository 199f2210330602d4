/**
 * What a model wants to be fed, read from a session. It must not run anything.
 */
import type { InputDimension, ModelInput } from '../core/calibration/model-inputs.ts';
import type { DataType } from '../core/tensor/dtype.ts';
import type { OrtSession } from './ort.ts';
import { carriable } from './tensors.ts';

export { dimensionKey, dimensionTrials, dimsOf, isState } from '../core/calibration/model-inputs.ts';
export type { DimensionSizes, ModelInput } from '../core/calibration/model-inputs.ts';

/** onnxruntime-web reports a literal −1 as an unsigned 32-bit number; so is every size that no tensor can have. */
const LARGEST_SIZE = 2 ** 31 - 1;

export type InputsFound =
  | { readonly ok: true; readonly inputs: readonly ModelInput[] }
  | { readonly ok: false; readonly reason: string };

/** The inputs, or the sentence why none can be made up. */
export function readInputs(session: Pick<OrtSession, 'inputMetadata'>): InputsFound {
  const inputs: ModelInput[] = [];
  for (const meta of session.inputMetadata) {
    if (!meta.isTensor) {
      return {
        ok: false,
        reason: `Input '${meta.name}' is a sequence, a map or an optional value; only tensors can be made up.`,
      };
    }
    const dataType = meta.type as DataType;
    if (dataType === 'string') {
      return {
        ok: false,
        reason: `Input '${meta.name}' takes text; text cannot be made up in a way that means anything.`,
      };
    }
    if (!carriable(dataType)) {
      return {
        ok: false,
        reason: `Input '${meta.name}' is of type ${dataType}, which onnxruntime-web cannot be fed.`,
      };
    }
    inputs.push({ name: meta.name, dataType, shape: readShape(meta.shape) });
  }
  return { ok: true, inputs };
}

/** A shape as the runtime reports it, free sizes as names or null. */
export function readShape(shape: readonly (number | string)[]): InputDimension[] {
  return shape.map((d) =>
    typeof d === 'number' ? (d >= 0 && d <= LARGEST_SIZE ? d : null) : d === '' ? null : d,
  );
}
