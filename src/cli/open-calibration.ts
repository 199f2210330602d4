/**
 * What methods may look at on the command line: the calibration part of the given set, fitted as described or as trying
 * finds out; made-up inputs where no set is given. It must not know what looks at it.
 */
import type { DataConfig } from '../core/dataset/types.ts';
import type { GraphRunner } from '../core/onnx/graph-runner.ts';
import { DEFAULT_CALIBRATION_SAMPLES } from '../core/recipe/types.ts';
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

/** @throws PareError as openData, readConfig, fitData and createCalibrationSamples do */
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
  const config = withCalibrationPart(described, samples, dataset.length);
  await calibration.set({ dataset, config }, samples);
  return { calibration, set: { dataset, config } };
}

/** What is set aside at most, so that enough is left to evaluate. */
const LARGEST_SHARE = 0.2;

/** Where the description sets nothing aside, as many samples as are asked for are, up to a fifth of the set. */
function withCalibrationPart(config: DataConfig, samples: number, length: number): DataConfig {
  if (config.split.calibration > 0) return config;
  const calibration = Math.min(samples, Math.ceil(LARGEST_SHARE * length));
  return { ...config, split: { ...config.split, calibration } };
}

async function proposed(opened: OpenModel, dataset: Dataset, checkpoint: Checkpoint): Promise<DataConfig> {
  const predictor = await openNodePredictor(filesOf(opened), 1);
  return (await fitData(undefined, dataset, predictor, { seed: 1, checkpoint })).config;
}
