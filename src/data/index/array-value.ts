/** One row of a stored array as a sample's value, refused when it is not finite. It must not know sets. */
import { PareError } from '../../core/errors.ts';
import type { StoredArray } from '../files/stored-array.ts';
import type { RawValue } from '../types.ts';

/** @param at how the sample is called. @throws PareError `data-invalid` for NaN and infinity; as reading does */
export async function arrayValue(
  array: StoredArray,
  index: number,
  at = `${array.name}[${index}]`,
): Promise<RawValue> {
  const values = await array.readRow(index);
  const { dataType } = array.layout;
  if (dataType.startsWith('float')) {
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) continue;
      throw new PareError(
        'data-invalid',
        `${at} holds ${values[i]} at position ${i}: values must be finite.`,
        { at },
      );
    }
  }
  return { kind: 'array', dataType, dims: array.rowDims, values };
}
