/**
 * Any set of dropped files → one Dataset. It looks at names and headers only, decides what the samples are, and says
 * what it did not use. It must not know hosts: files and the picture decoder are handed in.
 */
import { PareError } from '../core/errors.ts';
import { gatherFiles } from './files/file-set.ts';
import type { FileSet } from './files/file-set.ts';
import { arraySet, openArrays } from './index/array-set.ts';
import type { OpenArrays } from './index/array-set.ts';
import { noteUnused, textsOf } from './index/came-along.ts';
import { kindOf } from './index/file-kinds.ts';
import type { FileKind } from './index/file-kinds.ts';
import { arrayFileSet, imageSet, soundSet, textFileSet } from './index/file-samples.ts';
import { indexedSet } from './index/indexed-set.ts';
import type { Picked } from './index/picked.ts';
import { ProblemLog, counted } from './index/problem-log.ts';
import { tableSet } from './index/table-set.ts';
import type { Checkpoint, DataFile, Dataset, PictureDecoder } from './types.ts';

/** More arrays or texts than this are a sample each; fewer hold many samples each. */
const MANY_FILES = 20;

interface Ports {
  readonly decoder: PictureDecoder;
  readonly checkpoint: Checkpoint;
}

/**
 * @param files a folder's files, one zip, or some of each
 * @throws PareError `empty-file` without files; `data-invalid` when nothing in them is data that can be used; as reading
 * a lone zip or table does; what the checkpoint throws
 */
export async function openDataset(
  files: readonly DataFile[],
  { decoder, checkpoint }: Ports,
): Promise<Dataset> {
  const problems = new ProblemLog();
  const set = await gatherFiles(files, problems, checkpoint);
  const picked = await pick(set, { decoder, checkpoint, problems });
  const texts = await textsOf(set, problems);
  noteUnused(set, picked.used, texts, problems);
  await checkpoint(1, `${counted(picked.parts.length, 'sample')} found`);
  return indexedSet(picked.parts, texts, problems);
}

interface AllPorts extends Ports {
  readonly problems: ProblemLog;
}

/** What there are most samples of is the set; everything else is told. */
async function pick(set: FileSet, ports: AllPorts): Promise<Picked> {
  const { problems } = ports;
  const pictures = ofKinds(set, ['picture']);
  const sounds = ofKinds(set, ['sound']);
  const single = ofKinds(set, ['npy']);
  const isSampleEach = single.length > MANY_FILES;
  const stacked = ofKinds(set, isSampleEach ? ['npz', 'idx'] : ['npy', 'npz', 'idx']);
  const arrays = await openArrays(set, stacked, ports);
  const found = [
    { name: 'picture', samples: pictures.length, open: () => imageSet(set, pictures, ports) },
    { name: 'sound', samples: sounds.length, open: () => soundSet(set, sounds, ports) },
    { name: 'array row', samples: arrays.rows, open: () => arraySet(set, arrays, ports) },
    {
      name: 'array file',
      samples: isSampleEach ? single.length : 0,
      open: () => arrayFileSet(set, single, ports),
    },
  ].filter(({ samples }) => samples > 0);
  if (found.length > 1) {
    const parts = found.map(({ name, samples }) => counted(samples, name)).join(' and ');
    problems.add(
      'note',
      'several-kinds',
      null,
      () => `There are ${parts}: the kind with most samples is the set, the rest is left out.`,
    );
  }
  const [most] = found.sort((a, b) => b.samples - a.samples);
  return most === undefined ? withoutBinary(set, arrays, ports) : most.open();
}

async function withoutBinary(set: FileSet, arrays: OpenArrays, ports: AllPorts): Promise<Picked> {
  const texts = ofKinds(set, ['text']);
  if (texts.length > MANY_FILES) return textFileSet(set, texts, ports);
  const table = await tableSet(set, ports);
  if (table !== undefined) return table;
  const told = ports.problems
    .list()
    .filter(({ severity, code }) => severity === 'error' || (set.length === 0 && code === 'nested-zip'));
  if (arrays.files.length > 0 || told.length > 0)
    throw new PareError('data-invalid', told[0]?.message ?? 'The arrays hold no samples.');
  throw new PareError(
    'data-invalid',
    set.length === 0
      ? `${set.name} holds no files with data.`
      : `Nothing in ${counted(set.length, 'file')} is data that can be used.`,
    {
      hint: 'Add images (a folder per class, or a labels.csv), .npz or .npy arrays, a .csv table, .wav files or an MNIST-style pair.',
    },
  );
}

function ofKinds(set: FileSet, kinds: readonly FileKind[]): number[] {
  const files: number[] = [];
  for (const [file, path] of set.paths.entries()) if (kinds.includes(kindOf(path))) files.push(file);
  return files;
}
