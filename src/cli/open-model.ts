/**
 * A path to an open model: the file itself by ranged reads, and the data files it names in its own folder. It must not
 * know what is done with the model. Data outside the model's folder is never opened.
 */
import { realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { ByteSource } from '../core/bytes/source.ts';
import { PareError } from '../core/errors.ts';
import type { Model } from '../core/onnx/ir.ts';
import { externalLocations, readModel } from '../core/onnx/read.ts';
import { FdSource } from './fd-source.ts';

export interface OpenModel {
  readonly model: Model;
  readonly path: string;
  readonly source: ByteSource;
  /** Of the model and its data files together. */
  readonly bytes: number;
  /** Every file that was opened: none of them may be written to. */
  readonly files: readonly string[];
  /** By normalized location. */
  readonly data: ReadonlyMap<string, ByteSource>;
  dispose(): void;
}

/** @throws PareError as readModel does; `not-a-file` for the path itself */
export function openModelFile(path: string): OpenModel {
  const opened: FdSource[] = [];
  const dispose = () => opened.forEach((source) => source.dispose());
  const open = (file: string) => {
    const source = new FdSource(file);
    opened.push(source);
    return source;
  };
  try {
    const source = open(path);
    const files = [path];
    const data = new Map<string, ByteSource>();
    for (const location of externalLocations(readModel(source, { missingExternal: 'allow' }))) {
      const file = dataFile(path, location);
      // What is missing is said by the second reading, which knows the tensor that wants it.
      if (file === undefined) continue;
      data.set(location, open(file));
      files.push(file);
    }
    const model = readModel(source, { files: data });
    const bytes = opened.reduce((total, each) => total + each.size, 0);
    return { model, path, source, bytes, files, data, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The real file behind a location, which must lie in the model's folder; undefined when there is none. */
function dataFile(modelPath: string, location: string): string | undefined {
  const path = join(dirname(modelPath), location);
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    return undefined;
  }
  // Model hubs keep both files as links into one folder: what counts is that they lie together.
  const folders = [realpathSync(dirname(modelPath)), dirname(realpathSync(modelPath))];
  if (folders.some((folder) => real.startsWith(folder + sep))) return path;
  throw new PareError(
    'external-unsafe-path',
    `The data file ${path} is a link to ${real}, outside the model's folder.`,
    {
      at: location,
      hint: 'If you trust the model, put the data file itself beside it.',
    },
  );
}
