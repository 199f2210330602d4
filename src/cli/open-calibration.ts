/**
 * What methods may look at on the command line: the calibration part of the given set, fitted as described or as trying
 * finds out; made-up inputs where no set is given. It must not know what looks at it.
 */
import { samplesToSetAside } from '../core/dataset/set-aside.ts';
import type { DataConfig } from '../core/dataset/types.ts';
import { PareError } from '../core/errors.ts';
import type { GraphRunner } from '../core/onnx/graph-runner.ts';
import { DEFAULT_CALIBRATION_SAMPLES } from '../core/recipe/types.ts';
import { divide } from '../data/prepare/split.ts';
import type { Checkpoint, Dataset } from '../data/types.ts';
import { openNodePredictor } from '../runtime/node-predictor.ts';
import { ModelCalibration } from '../worker/model-calibration.ts';
import { filesOf } from './model-files.ts';
import { fitData, openData, readConfig } from './open-data.ts';
import type { OpenModel } from './open-model.ts';

export interface CalibrationSource {
  /** Files and folders of one set; none = made-up inputs. */
  readonly data: readonly string[];
  readonly dataConfig: string | undefined;
  /** A description that is known already, used where no file is named. */
  readonly config?: DataConfig | undefined;
  /** At most so many; absent = the default. */
  readonly samples?: number | undefined;
}

export interface OpenCalibration {
  readonly calibration: ModelCalibration;
  /** The set, with a calibration part apart from what is evaluated; absent = made-up inputs. */
  readonly set?: { readonly dataset: Dataset; readonly config: DataConfig };
}

/** @throws PareError `usage` where there are too few samples to share; as openData, readConfig, fitData and createCalibrationSamples do */
export async function openCalibration(
  opened: OpenModel,
  { data, dataConfig, config: known, samples = DEFAULT_CALIBRATION_SAMPLES }: CalibrationSource,
  runner: GraphRunner,
  checkpoint: Checkpoint,
): Promise<OpenCalibration> {
  const calibration = new ModelCalibration(opened.model, runner);
  if (data.length === 0) return { calibration };
  const dataset = await openData(data, checkpoint);
  const described =
    dataConfig === undefined
      ? (known ?? (await proposed(opened, dataset, checkpoint)))
      : readConfig(dataConfig);
  const config = withCalibrationPart(described, samples, dataset);
  await calibration.set({ dataset, config }, samples);
  return { calibration, set: { dataset, config } };
}

/** Where the description sets nothing aside, as many samples as are asked for are, up to a fifth of the evaluated ones. */
function withCalibrationPart(config: DataConfig, samples: number, dataset: Dataset): DataConfig {
  if (config.split.calibration > 0) return config;
  const shared = divide(dataset, config).counts.evaluation;
  const calibration = samplesToSetAside(shared, samples);
  if (calibration === 0) throw nothingToShare(dataset.name, shared);
  return { ...config, split: { ...config.split, calibration } };
}

function nothingToShare(name: string, shared: number): PareError {
  const found = shared === 0 ? 'no samples' : 'only one sample';
  return new PareError(
    'usage',
    `${name} has ${found} to share between methods that look at samples and evaluation; each needs one.`,
    {
      at: 'split.calibration',
      hint: 'Give at least two samples, set this one aside in the description (split.calibration), or give no data: then inputs are made up.',
    },
  );
}

async function proposed(opened: OpenModel, dataset: Dataset, checkpoint: Checkpoint): Promise<DataConfig> {
  const predictor = await openNodePredictor(filesOf(opened), 1);
  return (await fitData(undefined, dataset, predictor, { seed: 1, checkpoint })).config;
}
