/** `pare sensitivity`: what each layer in each precision does to the outputs, with causes and fixes. */
import { assertValid } from '../core/onnx/verify.ts';
import { DEFAULT_CALIBRATION_SAMPLES } from '../core/recipe/types.ts';
import { DEFAULT_TARGET } from '../core/targets/types.ts';
import type { SensitivityReport } from '../core/search/types.ts';
import { createNodeRunner } from '../runtime/node-runner.ts';
import { LEAST_STATISTICS_SAMPLES, searchSensitivity } from '../worker/search-model.ts';
import type { Command } from './arguments.ts';
import { openCalibration } from './open-calibration.ts';
import { openModelFile } from './open-model.ts';
import type { Outcome } from './outcome.ts';
import { showProgress } from './progress.ts';
import { formatPairs, formatTable, significant } from './table.ts';

type SensitivityCommand = Extract<Command, { name: 'sensitivity' }>;

/** @throws PareError as openModelFile, openCalibration and measureSensitivity do */
export async function sensitivity(command: SensitivityCommand): Promise<Outcome> {
  const opened = openModelFile(command.model);
  const progress = showProgress(!command.json);
  const checkpoint = (fraction: number, doing: string): Promise<void> => {
    progress.show(fraction, doing);
    return Promise.resolve();
  };
  try {
    assertValid(opened.model);
    const runner = createNodeRunner();
    const { data, dataConfig, options, samples, target = DEFAULT_TARGET } = command;
    const all = command.calibration ?? DEFAULT_CALIBRATION_SAMPLES;
    const { calibration } = await openCalibration(
      opened,
      { data, dataConfig, samples: all },
      runner,
      checkpoint,
    );
    const source = calibration.withSamples(Math.max(samples, LEAST_STATISTICS_SAMPLES));
    const report = await searchSensitivity(
      {
        model: opened.model,
        calibration: source,
        rounding: calibration.withSamples(all),
        runner,
        now: () => performance.now(),
        checkpoint,
      },
      { options, samples, metric: 'auto', target },
    );
    progress.clear();
    return {
      json: { file: command.model, target, looked: source.samples.description, ...report },
      text: describe(report, source.samples.description),
    };
  } finally {
    progress.clear();
    opened.dispose();
  }
}

const MOST_FIXES = 3;

function describe(report: SensitivityReport, looked: string): string {
  const options = [...new Set(report.layers.flatMap(({ damages }) => damages.map(({ option }) => option)))];
  const boldest = options.at(-1);
  const worst = (layer: SensitivityReport['layers'][number]): number =>
    Math.max(0, ...layer.damages.filter(({ option }) => option === boldest).map(({ damage }) => damage));
  const rows = report.layers
    .toSorted((a, b) => worst(b) - worst(a))
    .map((layer) => [
      layer.layer,
      ...options.map((option) => {
        const found = layer.damages.find((damage) => damage.option === option);
        return found === undefined ? '–' : found.damage.toExponential(1);
      }),
      layer.causes.map(({ id }) => id).join(', '),
    ]);
  const head = formatPairs([
    ['Measured', report.metricText],
    ['On', report.origin === 'samples' ? looked : `${looked}: made-up inputs, not your data`],
    ['Took', `${significant(report.millis / 1000)} s, measured`],
  ]);
  const fixes = report.layers
    .flatMap((layer) => layer.fixes.slice(0, 1).map((fix) => ({ layer: layer.layer, ...fix })))
    .toSorted((a, b) => b.predictedGain - a.predictedGain)
    .slice(0, MOST_FIXES)
    .map(
      ({ layer, label, predictedGain, extraBytes }) =>
        `  ${layer}: ${label} (${predictedGain.toExponential(1)} less, ${extraBytes >= 0 ? '+' : ''}${extraBytes} B; predicted)`,
    );
  const columns = [
    { title: 'Layer' },
    ...options.map((title) => ({ title, align: 'right' as const })),
    { title: 'Cause' },
  ];
  return [
    head,
    formatTable(columns, rows),
    ...(fixes.length === 0 ? [] : [`Fixes:\n${fixes.join('\n')}`]),
    ...report.notMeasured.map(({ layer, reason }) => `Not measured: ${layer}: ${reason}`),
  ].join('\n\n');
}
