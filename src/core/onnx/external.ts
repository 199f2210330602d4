/** The files beside a model that hold its external data: which location may be used, and which file it is. It must not know tensors. */
import type { ByteSource } from '../bytes/source.ts';
import { PareError } from '../errors.ts';

/** What the reader may look external data up in. */
export interface ExternalFiles {
  /** The model's own file. */
  readonly model: ByteSource;
  /**
   * The file at a normalized path. undefined = it was not given and the caller allows that.
   * @throws PareError `external-missing`
   */
  find(path: string, tensor: string): ByteSource | undefined;
}

/**
 * A location as a relative path with '/' and without '.' segments.
 * Source: ONNX external data: a path relative to the model's folder; leaving that folder is an attack.
 * @throws PareError `external-unsafe-path`
 */
export function resolveLocation(location: string, tensor: string): string {
  const path = location.replaceAll('\\', '/');
  const segments = path.split('/').filter((s) => s !== '' && s !== '.');
  const absolute = path.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(path);
  if (absolute || path.includes('\0') || segments.length === 0 || segments.includes('..')) {
    throw new PareError(
      'external-unsafe-path',
      `Tensor "${tensor}" wants its values from "${location}", which is not a file in the model's own folder.`,
      {
        at: `tensor ${tensor}`,
        hint: 'Do not trust this file. If it is yours, save it again with the data file beside it.',
      },
    );
  }
  return segments.join('/');
}

/** Looks data files up by relative path, or by bare name where a browser gave no folder. */
export function externalFiles(
  model: ByteSource,
  given: ReadonlyMap<string, ByteSource>,
  missing: 'refuse' | 'allow',
): ExternalFiles {
  const byPath = new Map<string, ByteSource>();
  const byName = new Map<string, ByteSource | 'several'>();
  for (const [path, source] of given) {
    const clean = path.replaceAll('\\', '/').replace(/^(\.?\/)+/, '');
    byPath.set(clean, source);
    byName.set(baseName(clean), byName.has(baseName(clean)) ? 'several' : source);
  }
  return {
    model,
    find(path, tensor) {
      const named = byName.get(baseName(path));
      const found = byPath.get(path) ?? (named === 'several' ? undefined : named);
      if (found !== undefined || missing === 'allow') return found;
      throw new PareError(
        'external-missing',
        `The model keeps its weights in a second file, "${path}", which was not given.`,
        {
          at: `tensor ${tensor}`,
          hint: `Open the model together with "${path}" (both files at once, or the folder).`,
        },
      );
    },
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
