/** `pare data`: what is in a set, what is wrong with it, and how it fits a model, found by trying. */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type {
  ClassCount,
  DataProblem,
  DuplicateReport,
  Proposal,
  SplitReport,
} from '../core/dataset/types.ts';
import { stringifyDataConfig } from '../core/dataset/parse.ts';
import { checkSplit, unreadableSamples } from '../data/prepare/check.ts';
import { findDuplicates, shownDuplicates } from '../data/prepare/duplicates.ts';
import type { Dataset } from '../data/types.ts';
import { openNodePredictor } from '../runtime/node-predictor.ts';
import type { Command } from './arguments.ts';
import { filesOf } from './model-files.ts';
import { fitData, openData } from './open-data.ts';
import { openModelFile } from './open-model.ts';
import type { Outcome } from './outcome.ts';
import { showProgress } from './progress.ts';
import { formatBytes, formatPairs, formatPercent, formatTable } from './table.ts';

type DataCommand = Extract<Command, { name: 'data' }>;

/** Classes that are listed in the text; the JSON has all. */
const SHOWN_CLASSES = 10;

interface Found {
  readonly dataset: Dataset;
  readonly duplicates: DuplicateReport;
  readonly proposal: Proposal | undefined;
  readonly split: SplitReport | undefined;
}

/** @throws PareError as openData, openModelFile and fitData do */
export async function describeData(command: DataCommand): Promise<Outcome> {
  const progress = showProgress(!command.json);
  const checkpoint = (fraction: number, doing: string): Promise<void> => {
    progress.show(fraction, doing);
    return Promise.resolve();
  };
  try {
    const dataset = await openData(command.paths, checkpoint);
    const duplicates = await findDuplicates(dataset, checkpoint);
    const proposal = command.model === undefined ? undefined : await propose(command.model, dataset, command);
    const split = proposal && checkSplit(dataset, proposal.config, duplicates);
    if (command.output !== undefined && proposal !== undefined) {
      writeFileSync(command.output, stringifyDataConfig(proposal.config));
    }
    progress.clear();
    const found = { dataset, duplicates, proposal, split };
    return { json: jsonOf(command, found), text: textOf(command, found) };
  } finally {
    progress.clear();
  }
}

async function propose(
  path: string,
  dataset: Dataset,
  { seed, json }: DataCommand,
): Promise<Proposal | undefined> {
  const opened = openModelFile(path);
  const progress = showProgress(!json);
  try {
    const predictor = await openNodePredictor(filesOf(opened), 1);
    const { proposal } = await fitData(undefined, dataset, predictor, {
      seed,
      checkpoint: (fraction, doing) => {
        progress.show(fraction, doing);
        return Promise.resolve();
      },
    });
    return proposal;
  } finally {
    progress.clear();
    opened.dispose();
  }
}

function jsonOf({ paths, model }: DataCommand, found: Found): Record<string, unknown> {
  const { dataset, duplicates, proposal, split } = found;
  return {
    paths,
    ...dataset.summary(),
    duplicates: shownDuplicates(duplicates),
    ...(model === undefined ? {} : { for: model, proposal: proposal ?? null, split: split ?? null }),
  };
}

function textOf({ model, output }: DataCommand, found: Found): string {
  const { dataset, duplicates, proposal, split } = found;
  const summary = dataset.summary();
  const parts = [
    formatPairs([
      ['Set', `${summary.name}, ${summary.kind}, ${formatBytes(summary.bytes)}`],
      ['Samples', `${summary.samples}, ${summary.labelled} with a label (${summary.label})`],
      ...(summary.classes.length === 0 ? [] : [['Classes', String(summary.classes.length)] as const]),
      ...summary.groups.map(({ column, values }) => ['Groups', `${column}: ${values.length}`] as const),
      ['Copies', copies(duplicates)],
      ...proposalLines(model, proposal),
      ...(split === undefined ? [] : [['Division', division(split)] as const]),
      ...(output === undefined ? [] : [['Wrote', output] as const]),
    ]),
    ...classTable(summary.classes),
    ...attemptTable(proposal),
    ...problemLines([
      ...summary.problems,
      // Looking for copies reads the whole set: what it could not read includes what trying could not.
      ...(proposal?.problems ?? []).filter(
        ({ code }) => duplicates.unreadable === undefined || code !== 'unreadable-samples',
      ),
      ...(split?.problems ?? unreadableSamples(duplicates)),
    ]),
  ];
  return parts.join('\n\n');
}

function copies({ checked, groups, total, removable }: DuplicateReport): string {
  if (total === 0) return `none among ${checked}`;
  const exact = groups.filter(({ kind }) => kind === 'exact').length;
  const differ = groups.filter(({ labelsDiffer }) => labelsDiffer).length;
  const labels = differ === 0 ? '' : `; ${differ} with different labels`;
  return `${removable.length} in ${total} groups among ${checked} (${exact} exact, ${groups.length - exact} near)${labels}`;
}

function proposalLines(model: string | undefined, proposal: Proposal | undefined): [string, string][] {
  if (model === undefined || proposal === undefined) return [];
  return [
    ['Fits', `${basename(model)} for ${proposal.config.task.kind}${proposal.sure ? '' : ', not certain'}`],
    ['Evidence', proposal.evidence],
  ];
}

function division({ counts, excluded }: SplitReport): string {
  return `${counts.evaluation} to evaluate, ${counts.calibration} to calibrate, ${counts['hold-back']} held back, ${excluded} left out`;
}

function classTable(classes: readonly ClassCount[]): string[] {
  if (classes.length === 0) return [];
  const largest = classes.toSorted((a, b) => b.count - a.count);
  const shown = largest.slice(0, SHOWN_CLASSES);
  const rows = shown.map(({ name, title, count }) => [title ?? name, String(count)]);
  const rest = largest.length - shown.length;
  const last = largest.at(-1);
  if (rest > 0) rows.push([`… ${rest} more, the smallest with`, String(last?.count ?? 0)]);
  return [formatTable([{ title: 'Class' }, { title: 'Samples', align: 'right' }], rows)];
}

function attemptTable(proposal: Proposal | undefined): string[] {
  if (proposal === undefined) return [];
  const rows = proposal.attempts.map(({ title, score, samples }) => [
    title,
    formatPercent(score),
    String(samples),
  ]);
  return [
    formatTable(
      [{ title: 'Tried' }, { title: proposal.metric, align: 'right' }, { title: 'Samples', align: 'right' }],
      rows,
    ),
  ];
}

function problemLines(problems: readonly DataProblem[]): string[] {
  if (problems.length === 0) return [];
  const lines = problems.map(({ severity, message, examples }) => {
    const some = examples.length === 0 ? '' : ` (${examples.slice(0, 3).join(', ')})`;
    return [severity, message + some] as const;
  });
  return [formatPairs(lines)];
}
