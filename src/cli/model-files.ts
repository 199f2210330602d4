/** An open model as the files that the runtime takes. It must not know what they are run for. */
import { basename } from 'node:path';
import { concatParts } from '../core/bytes/spans.ts';
import { writeModel } from '../core/onnx/write.ts';
import type { DownloadFile } from '../runtime/contract.ts';
import type { OpenModel } from './open-model.ts';

/** The files as they are, under the names by which the model knows them. */
export function filesOf({ path, model }: OpenModel): DownloadFile[] {
  const written = writeModel(model);
  return [
    { name: basename(path), parts: [concatParts(written.model)] },
    ...written.data.map(({ name, parts }) => ({ name, parts: [concatParts(parts)] })),
  ];
}
