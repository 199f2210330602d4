/**
 * The user's data on the command line: the set that some paths hold, and how it fits a model: as a file says, or as
 * trying finds out. It must not know what is done with either.
 */
import { dataConfigOf } from '../core/dataset/parse.ts';
import type { DataConfig, Proposal } from '../core/dataset/types.ts';
import type { Predictor } from '../core/dataset/predictor.ts';
import { PareError } from '../core/errors.ts';
import { openDataset } from '../data/open-dataset.ts';
import { createPictureDecoder } from '../data/picture/decoder.ts';
import { propose } from '../data/propose/propose.ts';
import type { Checkpoint, Dataset } from '../data/types.ts';
import { nodeCodecs } from './codecs.ts';
import { dataFiles } from './data-files.ts';
import { readRecipeText } from './recipe-file.ts';

/** @throws PareError as dataFiles and openDataset do */
export function openData(paths: readonly string[], checkpoint: Checkpoint): Promise<Dataset> {
  return openDataset(dataFiles(paths), { decoder: createPictureDecoder(nodeCodecs), checkpoint });
}

export interface Fitted {
  readonly config: DataConfig;
  /** One sentence: where the description comes from. */
  readonly how: string;
  readonly proposal: Proposal | undefined;
}

/**
 * @param file a description, or a recipe with one; undefined = find one.
 * @throws PareError `data-invalid` when the file is wrong, `unsupported` when nothing fits
 */
export async function fitData(
  file: string | undefined,
  dataset: Dataset,
  predictor: Predictor,
  { seed, checkpoint }: { readonly seed: number; readonly checkpoint: Checkpoint },
): Promise<Fitted> {
  if (file !== undefined) {
    return {
      config: readConfig(file),
      how: `fitted as ${file} says`,
      proposal: undefined,
    };
  }
  const [proposal] = await propose(dataset, predictor, { seed, checkpoint });
  if (proposal === undefined) {
    throw new PareError(
      'unsupported',
      `No way was found to fit ${dataset.name} to the inputs of the model.`,
      {
        hint: 'Describe it with --data-config.',
      },
    );
  }
  const doubt = proposal.sure ? '' : ' (not certain: look at it in the page, or give --data-config)';
  return { config: proposal.config, how: `fitted by trying: ${proposal.evidence}${doubt}`, proposal };
}

/** @throws PareError `data-invalid` when it is wrong, `usage` when it cannot be read */
export function readConfig(path: string): DataConfig {
  try {
    return dataConfigOf(readRecipeText(path));
  } catch (cause) {
    if (cause instanceof PareError) throw cause;
    throw new PareError('usage', `The description ${path} cannot be read.`, {
      hint: 'The page saves it, and pare data --for MODEL -o FILE writes it.',
      cause,
    });
  }
}
