/**
 * A Dataset put together from its parts: keys, labels, groups, and a way to read a sample. It says what is odd about the
 * labels as a whole. It must not know containers.
 */
import type { DataKind, DataSource } from '../../core/dataset/types.ts';
import type { Dataset, RawValue, SampleInfo } from '../types.ts';
import { countCodes } from './label-columns.ts';
import type { GroupColumn, LabelColumn } from './label-columns.ts';
import { listedTitles } from './listed-titles.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';

export interface SetParts {
  readonly name: string;
  readonly kind: DataKind;
  readonly bytes: number;
  readonly sources: readonly DataSource[];
  readonly length: number;
  readonly labels: LabelColumn;
  readonly groups: readonly GroupColumn[];
  readonly keyOf: (index: number) => string;
  readonly read: (index: number) => Promise<ReadonlyMap<string, RawValue>>;
  readonly readBytes: (index: number) => Promise<Uint8Array>;
}

export function indexedSet(parts: SetParts, texts: ReadonlyMap<string, string>, log: ProblemLog): Dataset {
  const { labels, groups, length, keyOf } = parts;
  checkLabels(parts, log);
  const problems = log.list();
  const listed = listedTitles(texts, labels.classes, labels.titles);
  const inRange = (index: number): void => {
    if (!(index >= 0 && index < length)) throw new RangeError(`The set has no sample ${index}.`);
  };
  return {
    name: parts.name,
    kind: parts.kind,
    sources: parts.sources,
    length,
    classes: labels.classes,
    ...(labels.titles === undefined ? {} : { classTitles: labels.titles }),
    texts,
    problems,
    info(index): SampleInfo {
      inRange(index);
      const values: Record<string, string> = {};
      for (const { name, codes, values: names } of groups) {
        if (codes[index] >= 0) values[name] = names[codes[index]];
      }
      return { key: keyOf(index), label: labels.at(index), groups: values };
    },
    read(index) {
      inRange(index);
      return parts.read(index);
    },
    readBytes(index) {
      inRange(index);
      return parts.readBytes(index);
    },
    summary: () => ({
      name: parts.name,
      kind: parts.kind,
      bytes: parts.bytes,
      samples: length,
      labelled: labels.labelled,
      label: labels.kind,
      classes: labels.counts(),
      ...(listed === undefined ? {} : { listedTitles: listed }),
      groups: groups.map(({ name, codes, values }) => ({ column: name, values: countCodes(codes, values) })),
      sources: parts.sources,
      problems,
    }),
  };
}

function checkLabels({ labels, length, keyOf }: SetParts, log: ProblemLog): void {
  if (length === 1) {
    log.add(
      'warning',
      'one-sample',
      keyOf(0),
      () => 'There is a single sample: results say nothing about others.',
    );
  }
  if (labels.kind === 'none') {
    log.add(
      'note',
      'no-labels',
      null,
      () =>
        'No labels were found: variants are compared with the original model, not with the right answers.',
    );
    return;
  }
  const missing = length - labels.labelled;
  if (missing > 0) {
    const sentence = `${counted(missing, 'sample')} of ${length.toLocaleString('en-US')} without a label; not counted in accuracy.`;
    for (let i = 0, told = 0; i < length && told < missing; i++) {
      if (labels.at(i) !== null) continue;
      told++;
      log.add('warning', 'label-missing', keyOf(i), () => sentence);
    }
  }
  const used = labels.kind === 'class' ? labels.counts().filter(({ count }) => count > 0) : [];
  if (used.length === 1 && labels.labelled > 0) {
    log.add(
      'warning',
      'one-class',
      null,
      () =>
        `All labelled samples are of one class (${used[0].title ?? used[0].name}): accuracy on them does not show whether classes are told apart.`,
    );
  }
  if (labels.kind === 'class' && used.length > 1 && labels.labelled <= labels.classes.length) {
    log.add(
      'note',
      'few-samples',
      null,
      () =>
        `${counted(labels.labelled, 'labelled sample')} for ${counted(labels.classes.length, 'class', 'classes')}: figures of single classes are not telling.`,
    );
  }
}
