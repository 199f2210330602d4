/**
 * One scorer for each task: what a model put out for one sample of a batch, against what is right. It must not know
 * how outputs are made or samples are read.
 */
import type { ModelPort } from '../../dataset/predictor.ts';
import type { Task } from '../../dataset/types.ts';
import { PareError } from '../../errors.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import { scoreClass } from './classification.ts';
import { scoreBoxes } from './detection.ts';
import { scoreNumbers } from './regression.ts';
import type { Outcome, PictureMapping } from './outcome.ts';
import { scoreMask } from './segmentation.ts';
import { scoreText } from './text.ts';
import type { Truth } from './truth.ts';
import type { SampleRecord } from './types.ts';

export type Outputs = ReadonlyMap<string, HostTensor>;

export interface ScorerSetup {
  readonly classes: readonly string[];
  /** The model's outputs as declared; they tell axes apart that have the same size by chance. */
  readonly ports: readonly ModelPort[];
}

/** What is needed of the sample for some tasks only. */
export interface ScoredSample {
  /** Names the sample in a failed record; absent = its index. */
  readonly key?: string;
  /** How the picture was fitted, for boxes. Absent = the model saw the picture as it is. */
  readonly mapping?: PictureMapping;
}

export interface Scorer {
  /**
   * @param row position in the batch of `rows` samples.
   * @param index the sample's position in the set.
   * @returns a failed record, with the reason, when the output or the label cannot be used.
   */
  score(
    outputs: Outputs,
    row: number,
    rows: number,
    truth: Truth,
    index: number,
    sample?: ScoredSample,
  ): SampleRecord;
}

/** @throws PareError `not-measurable` for agreement, which needs two models and no labels. */
export function createScorer(task: Task, setup: ScorerSetup): Scorer {
  const scoreOne = scorerOf(task, setup);
  return {
    score: (outputs, row, rows, truth, index, sample = {}) => {
      const failed = (reason: string): SampleRecord => ({
        kind: 'failed',
        index,
        key: sample.key ?? String(index),
        reason: `${reason.charAt(0).toUpperCase()}${reason.slice(1).replace(/\.$/, '')}.`,
      });
      if (truth.kind === 'wrong') return failed(truth.reason);
      const outcome = attemptOne(() => scoreOne(outputs, row, rows, truth, sample));
      return typeof outcome === 'string' ? failed(outcome) : { ...outcome, index };
    },
  };
}

/** An output that is no numbers fails the sample, with the reason. */
function attemptOne(score: () => Outcome | string): Outcome | string {
  try {
    return score();
  } catch (error) {
    if (error instanceof PareError) return error.message;
    throw error;
  }
}

type ScoreOne = (
  outputs: Outputs,
  row: number,
  rows: number,
  truth: Truth,
  sample: ScoredSample,
) => Outcome | string;

function scorerOf(task: Task, setup: ScorerSetup): ScoreOne {
  switch (task.kind) {
    case 'classification':
      return (outputs, row, rows, truth) => scoreClass(task, outputs, row, rows, truth);
    case 'text': {
      const port = setup.ports.find(({ name }) => name === task.output);
      return (outputs, row, rows, truth) => scoreText(task, port, outputs, row, rows, truth);
    }
    case 'detection':
      return (outputs, row, rows, truth, { mapping }) =>
        scoreBoxes(task, setup.classes, outputs, row, rows, truth, mapping);
    case 'segmentation':
      return (outputs, row, rows, truth) => scoreMask(task, outputs, row, rows, truth);
    case 'regression':
      return (outputs, row, rows, truth) => scoreNumbers(task, outputs, row, rows, truth);
    case 'agreement':
      throw new PareError('not-measurable', 'Without labels there is nothing to score.', {
        hint: 'Without labels only the agreement with the original can be measured.',
      });
    default:
      return task satisfies never;
  }
}
