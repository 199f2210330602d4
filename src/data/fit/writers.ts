/** One writer for each input: a raw sample to values at a place of the batch. It must not know batches or tasks. */
import type { InputFit } from '../../core/dataset/types.ts';
import type { ModelPort } from '../../core/dataset/predictor.ts';
import { PareError } from '../../core/errors.ts';
import { elementCount } from '../../core/tensor/dtype.ts';
import type { Dataset, RawValue } from '../types.ts';
import { writeArray, writeColumns } from './array-fit.ts';
import { writeAudio } from './audio-fit.ts';
import { pictureTable, shapePicture, writePicture } from './picture-fit.ts';
import { createTextEncoder, writeText } from './text-fit.ts';
import { encode, store, type FeedType, type ValueArray } from './values.ts';

/** @throws PareError when the sample does not hold what the fit needs. */
export type Writer = (sample: ReadonlyMap<string, RawValue>, out: ValueArray, at: number) => void;

/** @throws PareError `data-invalid` when the fit needs something that the set does not have. */
export function createWriter(port: ModelPort, fit: InputFit, type: FeedType, dataset: Dataset): Writer {
  switch (fit.kind) {
    case 'image': {
      const table = pictureTable(fit, type);
      return (sample, out, at) => {
        const { picture } = pick(sample, fit.source, 'image');
        writePicture(shapePicture(picture, fit), fit, table, out, at);
      };
    }
    case 'array':
      return (sample, out, at) => writeArray(pick(sample, fit.source, 'array'), fit, type, out, at);
    case 'columns': {
      const source = dataset.sources.find(({ kind }) => kind === 'columns');
      const names = source?.columns ?? [];
      const name = source?.name ?? 'columns';
      return (sample, out, at) => writeColumns(pick(sample, name, 'array'), names, fit, type, out, at);
    }
    case 'audio':
      return (sample, out, at) => writeAudio(pick(sample, fit.source, 'audio'), fit, type, out, at);
    case 'text': {
      const encoder = createTextEncoder(dataset.texts);
      return (sample, out, at) =>
        writeText(pick(sample, fit.source, 'text').text, encoder, fit, type, out, at);
    }
    case 'constant': {
      const value = encode(type, fit.value);
      const count = elementCount(fit.dims);
      return (_, out, at) => {
        for (let i = 0; i < count; i++) store(out, at + i, value);
      };
    }
    default:
      throw new PareError('internal', `Input '${port.name}': ${JSON.stringify(fit satisfies never)}`);
  }
}

function pick<K extends RawValue['kind']>(
  sample: ReadonlyMap<string, RawValue>,
  source: string,
  kind: K,
): Extract<RawValue, { readonly kind: K }> {
  const value = sample.get(source);
  if (value === undefined) {
    const names = [...sample.keys()].map((name) => `'${name}'`).join(', ');
    throw new PareError(
      'data-invalid',
      `The sample has no '${source}', only ${names === '' ? 'nothing' : names}.`,
      {
        at: source,
      },
    );
  }
  if (value.kind !== kind) {
    throw new PareError('data-invalid', `'${source}' is of kind ${value.kind}; ${kind} is needed.`, {
      at: source,
    });
  }
  return value as Extract<RawValue, { readonly kind: K }>;
}
