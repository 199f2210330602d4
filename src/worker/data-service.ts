/**
 * The data worker's work without its transport: keeps the index of the user's sets, reads samples, compares records.
 * It must not know models, nor who asks.
 */
import type {
  DataConfig,
  DataPart,
  DataSummary,
  DuplicateReport,
  SplitReport,
} from '../core/dataset/types.ts';
import { PareError, toErrorRecord } from '../core/errors.ts';
import { concludeEvaluation } from '../data/evaluate/conclude.ts';
import type { SampleRecord } from '../core/metrics/tasks/types.ts';
import { checkSplit } from '../data/prepare/check.ts';
import { findDuplicates, shownDuplicates } from '../data/prepare/duplicates.ts';
import type { Dataset, PictureDecoder } from '../data/types.ts';
import type { Evaluation, OpenFile, Thumbnail } from './api.ts';
import type { Checkpoint } from './jobs.ts';
import { dataIdOf, openData } from './open-data.ts';
import { labelText, thumbnailOf } from './thumbnails.ts';

interface OpenSet {
  readonly dataset: Dataset;
  /** Found once for a set; the samples do not change. */
  /** With all groups, and as it is shown. */
  duplicates?: DuplicateReport;
  shown?: DuplicateReport;
}

export class DataService {
  readonly #decoder: PictureDecoder;
  readonly #sets = new Map<string, OpenSet>();

  constructor(decoder: PictureDecoder) {
    this.#decoder = decoder;
  }

  /** Nothing that is open changes unless the new set can be opened. */
  async open(files: readonly OpenFile[], checkpoint: Checkpoint): Promise<DataSummary> {
    const dataset = await openData(files, this.#decoder, checkpoint);
    const dataId = await dataIdOf(files);
    this.#sets.set(dataId, { dataset });
    return { dataId, ...dataset.summary() };
  }

  close(dataId: string): void {
    this.#sets.delete(dataId);
  }

  /** Copies count as soon as they were looked for. */
  check(dataId: string, config: DataConfig): SplitReport {
    const { dataset, duplicates } = this.#set(dataId);
    return checkSplit(dataset, config, duplicates);
  }

  async duplicates(dataId: string, checkpoint: Checkpoint): Promise<DuplicateReport> {
    const set = this.#set(dataId);
    set.duplicates ??= await findDuplicates(set.dataset, checkpoint);
    return (set.shown ??= shownDuplicates(set.duplicates));
  }

  /** @throws PareError `not-measurable` as summarizeTask and compareTask do */
  async conclude(
    dataId: string,
    config: DataConfig,
    part: DataPart,
    records: { readonly baseline: readonly SampleRecord[]; readonly variant: readonly SampleRecord[] | null },
    checkpoint: Checkpoint,
  ): Promise<Omit<Evaluation, 'millis' | 'workers'>> {
    const { dataset } = this.#set(dataId);
    await checkpoint(0, 'Adding up');
    const figures = concludeEvaluation(dataset, config, records);
    return { source: 'measured', dataId, name: config.name, part, ...figures };
  }

  /** A sample that cannot be read says so in its place. */
  async thumbnails(
    dataId: string,
    indices: readonly number[],
    side: number,
    checkpoint: Checkpoint,
  ): Promise<readonly Thumbnail[]> {
    const { dataset } = this.#set(dataId);
    const shown: Thumbnail[] = [];
    for (const [done, index] of indices.entries()) {
      await checkpoint(done / indices.length, 'Reading samples');
      if (!(Number.isInteger(index) && index >= 0 && index < dataset.length)) continue;
      const { key, label } = dataset.info(index);
      shown.push({ index, key, label: labelText(label), ...(await thumbnail(dataset, index, side)) });
    }
    return shown;
  }

  #set(dataId: string): OpenSet {
    const set = this.#sets.get(dataId);
    if (set !== undefined) return set;
    throw new PareError('usage', 'These data are not open any more.', { hint: 'Add them again.' });
  }
}

async function thumbnail(
  dataset: Dataset,
  index: number,
  side: number,
): Promise<Pick<Thumbnail, 'picture' | 'text'>> {
  try {
    return thumbnailOf(await dataset.read(index), side);
  } catch (error) {
    const { code, message } = toErrorRecord(error);
    if (code === 'internal') throw error;
    return { picture: null, text: message };
  }
}
