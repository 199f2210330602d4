/**
 * What is wrong with a division and with the labels under a description, before anything is run. It must not know
 * models; what a set has by itself (unlabelled samples, unreadable files) was said when it was opened.
 */
import type {
  ClassCount,
  DataConfig,
  DataProblem,
  DuplicateReport,
  SplitReport,
} from '../../core/dataset/types.ts';
import { truthOf } from '../../core/metrics/tasks/truth.ts';
import type { Dataset } from '../types.ts';
import { divide, EXCLUDED, PARTS, type Division } from './split.ts';

const SHOWN_KEYS = 5;
/** The most frequent class over the rarest: above it a mean over samples says little about the rare one. */
const UNBALANCED = 10;
/** Half-width of a 95 % interval, in points, that is too wide for most questions. */
const WIDE_POINTS = 2;
/** Share of samples on which a compressed model and its original differ in being right; 2–8 % in practice. */
const DISCORDANT = 0.05;
/** Standard errors on each side of a 95 % interval. */
const Z95 = 1.96;
const FEW_SAMPLES = 30;

type Add = (
  severity: DataProblem['severity'],
  code: string,
  message: string,
  keys: readonly string[],
  count?: number,
) => void;

/**
 * @param duplicates what findDuplicates said, when it was asked: copies in different parts are an error.
 * @throws PareError `usage` as divide does
 */
export function checkSplit(dataset: Dataset, config: DataConfig, duplicates?: DuplicateReport): SplitReport {
  const division = divide(dataset, config);
  const problems: DataProblem[] = [];
  const add: Add = (severity, code, message, keys, count = keys.length) => {
    problems.push({ severity, code, message, count, examples: keys.slice(0, SHOWN_KEYS) });
  };
  checkParts(division, config, add);
  if (duplicates !== undefined) checkCopies(dataset, division, duplicates, add);
  if (config.task.kind !== 'agreement') {
    checkLabels(dataset, config, division, add);
    if (config.task.kind === 'classification') checkBalance(dataset, config, division, add);
    checkEnough(config, division, add);
  }
  if (duplicates !== undefined) problems.push(...unreadableSamples(duplicates));
  return { counts: division.counts, excluded: division.excluded, problems };
}

/** What was found to be unreadable while looking for copies. */
export function unreadableSamples({ unreadable }: DuplicateReport): readonly DataProblem[] {
  if (unreadable === undefined) return [];
  const { count, examples, reason } = unreadable;
  return [
    {
      severity: 'warning',
      code: 'unreadable-samples',
      message: `${samples(count)} cannot be read and ${count === 1 ? 'does' : 'do'} not count. The first: ${reason}`,
      count,
      examples,
    },
  ];
}

function checkParts({ counts, excluded, unknown }: Division, { split }: DataConfig, add: Add): void {
  if (counts.evaluation === 0) {
    const where =
      counts.calibration + counts['hold-back'] > 0
        ? `${samples(counts.calibration)} are for calibration and ${counts['hold-back']} are held back: take fewer of them`
        : excluded > 0
          ? 'all of them are left out: take some back'
          : 'the set is empty: add data';
    add('error', 'part-empty', `No sample is left to evaluate; ${where}.`, [], 1);
  }
  if (split.calibration > counts.calibration) {
    add(
      'warning',
      'calibration-short',
      `${samples(split.calibration)} are asked for calibration; the set has ${counts.calibration}.`,
      [],
      split.calibration - counts.calibration,
    );
  }
  if (split.holdBack > 0 && counts['hold-back'] === 0) {
    add('warning', 'part-empty', 'The set is too small to hold a sample back for the final check.', [], 1);
  }
  if (unknown.length > 0) {
    add(
      'note',
      'exclude-unknown',
      `${unknown.length} of the samples that are left out ${unknown.length === 1 ? 'is' : 'are'} not in this set.`,
      unknown,
    );
  }
}

function checkCopies(
  dataset: Dataset,
  { codes }: Division,
  { groups, removable }: DuplicateReport,
  add: Add,
): void {
  const partOf = new Map<string, number>();
  const wanted = new Set(groups.flatMap(({ keys }) => keys));
  for (let i = 0; i < dataset.length; i++) {
    const { key } = dataset.info(i);
    if (wanted.has(key)) partOf.set(key, codes[i]);
  }
  const leaking: string[] = [];
  const inside: string[] = [];
  const disputed: string[] = [];
  for (const { keys, labelsDiffer } of groups) {
    const kept = keys.filter((key) => (partOf.get(key) ?? EXCLUDED) !== EXCLUDED);
    if (kept.length < 2) continue;
    const [first] = kept;
    if (new Set(kept.map((key) => partOf.get(key))).size > 1) leaking.push(first);
    else inside.push(first);
    if (labelsDiffer) disputed.push(first);
  }
  if (leaking.length > 0) {
    add(
      'error',
      'split-leak',
      `${counted(leaking.length, 'sample')} ${leaking.length === 1 ? 'has copies' : 'have copies'} in another part of the division, so that what is measured was seen before: leave the copies out (${counted(removable.length, 'sample')}).`,
      leaking,
    );
  }
  if (inside.length > 0) {
    add(
      'warning',
      'copies',
      `${counted(inside.length, 'sample')} ${inside.length === 1 ? 'has' : 'have'} copies in the same part: they count more than once, and intervals look narrower than they are.`,
      inside,
    );
  }
  if (disputed.length > 0) {
    add(
      'warning',
      'labels-differ',
      `${counted(disputed.length, 'group')} of copies ${disputed.length === 1 ? 'has' : 'have'} different labels: at least one of them is wrong.`,
      disputed,
    );
  }
}

/** Labels that the description cannot read: each becomes a failed record, with this reason. */
function checkLabels(dataset: Dataset, config: DataConfig, { codes }: Division, add: Add): void {
  const reasons = new Map<string, string[]>();
  let unlabelled = 0;
  let evaluated = 0;
  for (let i = 0; i < dataset.length; i++) {
    if (codes[i] !== PARTS.evaluation) continue;
    evaluated++;
    const { key, label } = dataset.info(i);
    if (label === null) unlabelled++;
    // The pixels of a mask are read with its sample.
    if (label === null || label.kind === 'mask') continue;
    const truth = truthOf(config.task, config.classes, label);
    if (truth.kind !== 'wrong') continue;
    const keys = reasons.get(truth.reason);
    if (keys === undefined) reasons.set(truth.reason, [key]);
    else keys.push(key);
  }
  if (evaluated > 0 && unlabelled === evaluated) {
    add(
      'error',
      'label-missing',
      'No sample has a label: add a folder for each class or a labels file, or compare with the original only.',
      [],
      unlabelled,
    );
  }
  const most = [...reasons].sort(([, a], [, b]) => b.length - a.length);
  const wrong = most.flatMap(([, keys]) => keys);
  if (wrong.length === 0) return;
  const others = most.length > 1 ? `, and ${counted(most.length - 1, 'reason')} more` : '';
  add(
    wrong.length === evaluated - unlabelled ? 'error' : 'warning',
    'label-out-of-range',
    `${counted(wrong.length, 'label')} cannot be used (${most[0][0]}${others}): these samples do not count.`,
    wrong,
  );
}

function checkBalance(dataset: Dataset, config: DataConfig, { codes }: Division, add: Add): void {
  const counts = evaluatedClasses(dataset, config, codes);
  const present = counts.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
  const total = present.reduce((sum, { count }) => sum + count, 0);
  if (present.length === 0) return;
  const rarest = present[present.length - 1];
  const [commonest] = present;
  if (present.length === 1) {
    add(
      'warning',
      'one-class',
      `All ${samples(total)} to evaluate are of one class (${commonest.name}): accuracy on them does not show whether classes are told apart.`,
      [],
      total,
    );
  } else if (commonest.count >= UNBALANCED * rarest.count) {
    add(
      'warning',
      'class-balance',
      `"${commonest.name}" has ${commonest.count} samples, "${rarest.name}" ${rarest.count}: top-1 says little about the rare classes; look at the macro means and at each class.`,
      [],
      present.length,
    );
  }
  const empty = counts.filter(({ count }) => count === 0).map(({ name }) => name);
  if (empty.length > 0) {
    add(
      'note',
      'class-empty',
      `${empty.length} of ${counts.length} classes ${empty.length === 1 ? 'has' : 'have'} no sample to evaluate: nothing is said about them.`,
      empty,
    );
  }
  if (present.length > 1 && total < counts.length) {
    add(
      'warning',
      'fewer-samples-than-classes',
      `${samples(total)} for ${counts.length} classes: figures of single classes mean little.`,
      [],
      total,
    );
  }
}

/** Every class that the description or the labels name, with its samples in the evaluation part. */
function evaluatedClasses(dataset: Dataset, config: DataConfig, codes: Uint8Array): ClassCount[] {
  const names = config.classes.length > 0 ? config.classes : dataset.classes;
  const counts = new Map(names.map((name) => [name, 0]));
  for (let i = 0; i < dataset.length; i++) {
    if (codes[i] !== PARTS.evaluation) continue;
    const { label } = dataset.info(i);
    if (label?.kind !== 'class') continue;
    const count = counts.get(label.name);
    if (count !== undefined) counts.set(label.name, count + 1);
  }
  return [...counts].map(([name, count]) => ({ name, count }));
}

/**
 * Half-width of the interval of a paired difference of proportions: z·√(d/n) for a share d of samples on which the two
 * differ (A. Agresti, "Categorical Data Analysis", §11.1, at a difference near 0).
 */
function checkEnough({ task }: DataConfig, { counts }: Division, add: Add): void {
  const n = counts.evaluation;
  if (n === 0) return;
  if (task.kind === 'classification') {
    const points = 100 * Z95 * Math.sqrt(DISCORDANT / n);
    if (points <= WIDE_POINTS) return;
    const needed = Math.ceil(DISCORDANT * (Z95 / (WIDE_POINTS / 100)) ** 2);
    add(
      'warning',
      'few-for-question',
      `With ${samples(n)} a difference below about ${points.toFixed(1)} points cannot be told from chance; ${needed} would do for ${WIDE_POINTS} points.`,
      [],
      n,
    );
  } else if (n < FEW_SAMPLES) {
    add('warning', 'few-for-question', `${samples(n)} say little: intervals will be wide.`, [], n);
  }
}

function samples(count: number): string {
  return counted(count, 'sample');
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
