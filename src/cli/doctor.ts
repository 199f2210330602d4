/**
 * `pare doctor`: hazards of a model for the place where it will run. Against its original it also runs both on the same
 * inputs; with data it sees how large activations get.
 */
import { basename } from 'node:path';
import type { Calibration, Checkpoint } from '../core/calibration/types.ts';
import { examine } from '../core/doctor/examine.ts';
import type { DoctorReport, Finding, ParityRow } from '../core/doctor/types.ts';
import { assertValid } from '../core/onnx/verify.ts';
import { DEFAULT_CALIBRATION_SAMPLES } from '../core/recipe/types.ts';
import { targetOf } from '../core/targets/registry.ts';
import { NO_GPU_IN_NODE } from '../runtime/node-measure.ts';
import { loadNodeRuntime } from '../runtime/node-ort.ts';
import { createNodeRunner } from '../runtime/node-runner.ts';
import { measureParity } from '../runtime/parity.ts';
import type { Command } from './arguments.ts';
import { EXIT_DONE, EXIT_HAZARD } from './exit-codes.ts';
import { filesOf } from './model-files.ts';
import { openCalibration } from './open-calibration.ts';
import { openModelFile, type OpenModel } from './open-model.ts';
import type { Outcome } from './outcome.ts';
import { showProgress } from './progress.ts';
import { formatTable, printable, significant } from './table.ts';

type DoctorCommand = Extract<Command, { name: 'doctor' }>;

const SEED = 1;

/** @throws PareError as openModelFile and openData do; `not-measurable` when the original itself does not run */
export async function doctor(command: DoctorCommand): Promise<Outcome> {
  const opened = openModelFile(command.model);
  const against = command.against === undefined ? undefined : openModelFile(command.against);
  const progress = showProgress(!command.json);
  const checkpoint: Checkpoint = (fraction, doing) => {
    progress.show(fraction, doing);
    return Promise.resolve();
  };
  try {
    assertValid(opened.model);
    if (against !== undefined) assertValid(against.model);
    const report = await examine(
      {
        original: against?.model,
        written: opened.model,
        logical: undefined,
        target: targetOf(command.target),
        calibration: await calibrationOf(command, against, checkpoint),
      },
      checkpoint,
    );
    const pair = !report.findings.some(({ hazard }) => hazard === 'not-a-pair');
    const rows = against === undefined || !pair ? [] : await parityRows(opened, against, checkpoint);
    const all = withParity(report, rows, against === undefined ? 'alone' : pair ? 'pair' : 'strangers');
    progress.clear();
    const errors = all.findings.some(({ severity }) => severity === 'error');
    return {
      json: {
        file: command.model,
        ...(command.against === undefined ? {} : { against: command.against }),
        ...all,
        parity: rows,
      },
      text: describe(basename(command.model), all, rows),
      exitCode: errors ? EXIT_HAZARD : EXIT_DONE,
    };
  } finally {
    progress.clear();
    opened.dispose();
    against?.dispose();
  }
}

/** Samples of the user's set; made-up inputs would say nothing about how large activations get. */
async function calibrationOf(
  { data, dataConfig }: DoctorCommand,
  original: OpenModel | undefined,
  checkpoint: Checkpoint,
): Promise<Calibration | undefined> {
  if (data.length === 0 || original === undefined) return undefined;
  const source = { data, dataConfig };
  const { calibration } = await openCalibration(original, source, createNodeRunner(), checkpoint);
  return calibration.withSamples(DEFAULT_CALIBRATION_SAMPLES);
}

async function parityRows(
  variant: OpenModel,
  original: OpenModel,
  checkpoint: Checkpoint,
): Promise<readonly ParityRow[]> {
  const { ort } = await loadNodeRuntime(1);
  return measureParity(
    { ort, providers: { wasm: true, webgpu: NO_GPU_IN_NODE }, clock: performance, checkpoint },
    { original: filesOf(original), variant: filesOf(variant), dimensions: {}, seed: SEED },
  );
}

type Compared = 'alone' | 'pair' | 'strangers';

/** Why outputs were not compared. */
const NOT_COMPARED: Readonly<Record<Exclude<Compared, 'pair'>, string>> = {
  alone: 'No original was given (--against).',
  strangers: 'The model that was given as the original is another one.',
};

function withParity(report: DoctorReport, rows: readonly ParityRow[], compared: Compared): DoctorReport {
  const what = 'Whether CPU and GPU give the same';
  return {
    ...report,
    findings: [...rows.flatMap(({ finding }) => finding ?? []), ...report.findings],
    notChecked: [
      ...report.notChecked,
      { what, reason: NO_GPU_IN_NODE },
      ...(compared === 'pair'
        ? []
        : [{ what: 'How far outputs are from the original', reason: NOT_COMPARED[compared] }]),
    ],
  };
}

function describe(name: string, report: DoctorReport, rows: readonly ParityRow[]): string {
  const { label } = targetOf(report.target);
  const { findings, checked, notChecked } = report;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const head =
    findings.length === 0
      ? `${name} for ${label}: nothing was found.`
      : `${name} for ${label}: ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}, ${errors} of them ${errors === 1 ? 'an error' : 'errors'}.`;
  const lists = [
    `Checked:\n${checked.map((what) => `  ${what}`).join('\n')}`,
    `Not checked:\n${notChecked.map(({ what, reason }) => `  ${what}: ${reason}`).join('\n')}`,
  ];
  return [head, ...findings.map(findingText), ...(rows.length === 0 ? [] : [parityTable(rows)]), ...lists]
    .map((part) => part.split('\n').map(printable).join('\n'))
    .join('\n\n');
}

function findingText({ severity, what, where, more, why, fix, source }: Finding): string {
  const places =
    where.length === 0 ? [] : [`  where: ${where.join(', ')}${more === 0 ? '' : ` and ${more} more`}`];
  return [`${severity}: ${what} (${source})`, ...places, `  why: ${why}`, `  fix: ${fix}`].join('\n');
}

function parityTable(rows: readonly ParityRow[]): string {
  return formatTable(
    [
      { title: 'Outputs of' },
      { title: 'against' },
      { title: 'SQNR (measured)', align: 'right' },
      { title: 'Largest difference', align: 'right' },
      { title: 'Samples', align: 'right' },
    ],
    rows.map(({ who, against, sqnrDb, maxError, samples, failed }) => [
      who,
      against,
      failed === undefined ? (sqnrDb === null ? 'no floats' : `${significant(sqnrDb)} dB`) : 'does not run',
      failed === undefined ? significant(maxError) : '',
      String(samples),
    ]),
  );
}
