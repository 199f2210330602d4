/** `pare measure`: runs a model in onnxruntime-web, alone or in turn with its original, on the user's data where there is some. */
import { PareError } from '../core/errors.ts';
import { DEFAULT_ENERGY } from '../core/energy/targets.ts';
import { estimateEnergy } from '../core/energy/estimate.ts';
import type { Predictor } from '../core/dataset/predictor.ts';
import type { DataConfig } from '../core/dataset/types.ts';
import { assertValid } from '../core/onnx/verify.ts';
import { countCosts } from '../core/profile/costs.ts';
import type { Dataset } from '../data/types.ts';
import type { DownloadFile, MeasureResult } from '../runtime/contract.ts';
import { measureInNode, type NodeMeasureOptions } from '../runtime/node-measure.ts';
import { openNodePredictor } from '../runtime/node-predictor.ts';
import { modelInputs, readSampleFeeds } from '../worker/sample-feeds.ts';
import type { Command } from './arguments.ts';
import { evaluateModels } from './evaluate.ts';
import { type Evaluated, type Measured, reportJson, reportText } from './measure-report.ts';
import { filesOf } from './model-files.ts';
import { fitData, openData, readConfig } from './open-data.ts';
import { openModelFile, type OpenModel } from './open-model.ts';
import type { Outcome } from './outcome.ts';
import { type ProgressLine, showProgress } from './progress.ts';

type MeasureCommand = Extract<Command, { name: 'measure' }>;

/**
 * @throws PareError as openModelFile and openData do; `not-measurable` with the reason when no number at all could be had
 */
export async function measureModel(command: MeasureCommand): Promise<Outcome> {
  const variant = openModelFile(command.model);
  const original = command.against === undefined ? undefined : openModelFile(command.against);
  const progress = showProgress(!command.json);
  try {
    assertValid(variant.model);
    if (original !== undefined) assertValid(original.model);
    const measured = await measureAll(command, variant, original, progress);
    progress.clear();
    return { json: reportJson(measured), text: reportText(measured) };
  } finally {
    progress.clear();
    variant.dispose();
    original?.dispose();
  }
}

async function measureAll(
  command: MeasureCommand,
  variant: OpenModel,
  original: OpenModel | undefined,
  progress: ProgressLine,
): Promise<Measured> {
  const checkpoint = (fraction: number, doing: string): Promise<void> => {
    progress.show(fraction, doing);
    return Promise.resolve();
  };
  const variantFiles = filesOf(variant);
  const originalFiles = original === undefined ? undefined : filesOf(original);
  // A set that cannot be read is said before minutes of timing, not after.
  const dataset = command.data.length === 0 ? undefined : await openData(command.data, checkpoint);
  const given = command.dataConfig === undefined ? undefined : readConfig(command.dataConfig);
  const found = await measureInNode(
    {
      provider: 'wasm',
      threads: command.threads,
      seed: command.seed,
      dimensions: command.dimensions,
      budgetMillis: command.budgetMillis,
      original: originalFiles ?? variantFiles,
      variant: variantFiles,
    },
    { checkpoint, ...samplesOf(dataset, given, originalFiles ?? variantFiles) },
  );
  const evaluated = dataset && (await evaluate(command, dataset, variantFiles, originalFiles, checkpoint));
  const result = withReasons(found, original !== undefined, evaluated);
  refuseEmpty(result, evaluated);
  const sizes = result.agreement?.dimensions ?? command.dimensions;
  const costs = countCosts(variant.model, sizes);
  const originalCosts = original === undefined ? costs : countCosts(original.model, sizes);
  return {
    file: command.model,
    bytes: variant.bytes,
    against: original && { file: original.path, bytes: original.bytes },
    result,
    evaluated,
    costs: { variant: costs, original: originalCosts },
    energy: {
      variant: estimateEnergy(costs, DEFAULT_ENERGY),
      original: estimateEnergy(originalCosts, DEFAULT_ENERGY),
    },
  };
}

/**
 * Agreement and timing run on the user's samples where the description is given. One that has to be found by trying
 * takes sessions of its own, beside which the memory of a session cannot be measured: then inputs are made up.
 */
function samplesOf(
  dataset: Dataset | undefined,
  config: DataConfig | undefined,
  files: readonly DownloadFile[],
): Pick<NodeMeasureOptions, 'samples'> {
  if (dataset === undefined || config === undefined) return {};
  return {
    samples: async (count) => readSampleFeeds(dataset, config, await modelInputs(files), count),
  };
}

async function evaluate(
  { dataConfig, part, seed, threads }: MeasureCommand,
  dataset: Dataset,
  variantFiles: readonly DownloadFile[],
  originalFiles: readonly DownloadFile[] | undefined,
  checkpoint: (fraction: number, doing: string) => Promise<void>,
): Promise<Evaluated | undefined> {
  const variant: Predictor = await openNodePredictor(variantFiles, threads);
  const original = originalFiles && (await openNodePredictor(originalFiles, threads));
  // The original decides what is right for both: a ruined variant would fit anything equally badly.
  const { config, how } = await fitData(dataConfig, dataset, original ?? variant, { seed, checkpoint });
  if (config.task.kind === 'agreement') return undefined;
  return evaluateModels(variant, original, { dataset, config, part, fitted: how, checkpoint });
}

type Reason = Measured['result']['notMeasured'][number];

/** What was not measured here and why. A model agrees with itself; that is no finding. */
function withReasons(
  result: MeasureResult,
  compared: boolean,
  evaluated: Evaluated | undefined,
): Measured['result'] {
  const reasons: Reason[] = result.notMeasured.filter(({ what }) => compared || what !== 'agreement');
  if (!compared) {
    reasons.push({ what: 'agreement', reason: 'No original was given to compare with (--against).' });
  }
  if (evaluated === undefined) {
    reasons.push({
      what: 'accuracy',
      reason: 'No labelled data was given that fits an output of the model (--data).',
    });
  }
  return { ...result, agreement: compared ? result.agreement : null, notMeasured: reasons };
}

function refuseEmpty(
  { latency, agreement, memory, notMeasured }: Measured['result'],
  evaluated: Evaluated | undefined,
): void {
  if (latency !== null || agreement !== null || memory !== null || evaluated !== undefined) return;
  const reasons = new Set(notMeasured.filter(({ what }) => what === 'latency').map(({ reason }) => reason));
  throw new PareError('not-measurable', `The model could not be measured. ${[...reasons].join(' ')}`.trim(), {
    hint: 'Its weights can still be compressed. Free dimensions can be given with --dim.',
  });
}
