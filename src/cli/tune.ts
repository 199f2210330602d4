/**
 * `pare tune`: finds recipes of mixed precision for a goal, makes the likeliest, times and evaluates them against the
 * original, and writes the best that keeps to the goal. A model that got worse is never written.
 */
import { dirname, join } from 'node:path';
import { assertValid } from '../core/onnx/verify.ts';
import type { Goal } from '../core/goal/types.ts';
import { stringifyRecipe } from '../core/recipe/stringify.ts';
import { DEFAULT_CALIBRATION_SAMPLES } from '../core/recipe/types.ts';
import { bestOf } from '../core/search/recommend.ts';
import type { DeviceSpeed, TuneRequest } from '../core/search/types.ts';
import { DEFAULT_TARGET } from '../core/targets/types.ts';
import { measureDeviceSpeed } from '../runtime/device-speed.ts';
import { loadNodeRuntime } from '../runtime/node-ort.ts';
import { openNodePredictor } from '../runtime/node-predictor.ts';
import { createNodeRunner } from '../runtime/node-runner.ts';
import { LEAST_STATISTICS_SAMPLES, searchRecipes } from '../worker/search-model.ts';
import type { Command } from './arguments.ts';
import { confirmWinner, hasHeldBack } from './confirm-winner.ts';
import { filesOf } from './model-files.ts';
import { openCalibration } from './open-calibration.ts';
import { openModelFile, type OpenModel } from './open-model.ts';
import type { Outcome } from './outcome.ts';
import { showProgress } from './progress.ts';
import { DEFAULT_SENSITIVITY_SAMPLES } from './defaults.ts';
import { describe, reportJson, winnerOf, type Tuned } from './tune-report.ts';
import { openedOnce, tryCandidates, type Tried, type TryingHost } from './try-candidates.ts';
import { writeFiles } from './write-file.ts';

type TuneCommand = Extract<Command, { name: 'tune' }>;

const CANDIDATES = 5;
/** Shares of the progress line. */
const SEARCH_SHARE = 0.5;

/** @throws PareError as openModelFile, openCalibration, tune and writeFiles do */
export async function tuneModel(command: TuneCommand): Promise<Outcome> {
  const opened = openModelFile(command.model);
  const progress = showProgress(!command.json);
  const within =
    (from: number, to: number) =>
    (fraction: number, doing: string): Promise<void> => {
      progress.show(from + (to - from) * fraction, doing);
      return Promise.resolve();
    };
  try {
    assertValid(opened.model);
    // The runtime makes its threads once a process: before anything else is run.
    await loadNodeRuntime(command.threads);
    const runner = createNodeRunner();
    const { data, dataConfig, target = DEFAULT_TARGET } = command;
    const samples = command.calibration ?? DEFAULT_CALIBRATION_SAMPLES;
    const open = await openCalibration(opened, { data, dataConfig, samples }, runner, within(0, 0.05));
    const speed = target === 'ort-wasm' ? await speedOf(command.threads, within(0.05, 0.1)) : null;
    const statistics = Math.max(DEFAULT_SENSITIVITY_SAMPLES, LEAST_STATISTICS_SAMPLES);
    const request: TuneRequest = {
      goal: goalOf(command),
      target,
      options: command.options,
      speed,
      samples: DEFAULT_SENSITIVITY_SAMPLES,
      candidates: CANDIDATES,
    };
    const found = await searchRecipes(
      {
        model: opened.model,
        calibration: open.calibration.withSamples(statistics),
        rounding: open.calibration.withSamples(samples),
        runner,
        now: () => performance.now(),
        checkpoint: within(0.1, SEARCH_SHARE),
      },
      request,
    );
    const host: TryingHost = {
      opened,
      goal: request.goal,
      target,
      threads: command.threads,
      seed: command.seed,
      samples,
      calibration: open,
      heldBack: hasHeldBack(open),
      runner,
      checkpoint: within(SEARCH_SHARE, 1),
    };
    const original = openedOnce(() => openNodePredictor(filesOf(opened), command.threads));
    const tried = await tryCandidates(found.candidates, host, original);
    const best = bestOf(host.goal, tried);
    const confirmed = best < 0 ? null : await confirmWinner(tried[best], tried, host, original);
    progress.clear();
    const tuned: Tuned = { command, goal: host.goal, speed, found, tried, best, confirmed };
    const winner = winnerOf(tuned);
    if (winner !== undefined) write(command, opened, winner);
    return { json: reportJson(tuned), text: describe(tuned) };
  } finally {
    progress.clear();
    opened.dispose();
  }
}

function goalOf({ maxLoss, maxBytes, minSpeedup }: TuneCommand): Goal {
  return {
    objective: 'smallest',
    ...(maxLoss === undefined ? {} : { maxLoss }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(minSpeedup === undefined ? {} : { minSpeedup }),
    neverSlower: true,
  };
}

async function speedOf(
  threads: number,
  checkpoint: (fraction: number, doing: string) => Promise<void>,
): Promise<DeviceSpeed> {
  const { ort } = await loadNodeRuntime(threads);
  return measureDeviceSpeed({ ort, clock: performance, threads, checkpoint });
}

function write({ output, recipeOutput }: TuneCommand, opened: OpenModel, { made, recipe }: Tried): void {
  if (output !== undefined) {
    const data = made.written.data.map(({ name, parts }) => ({ path: join(dirname(output), name), parts }));
    writeFiles([{ path: output, parts: made.written.model }, ...data], opened.files);
  }
  if (recipeOutput === undefined) return;
  const text = new TextEncoder().encode(stringifyRecipe(recipe));
  writeFiles([{ path: recipeOutput, parts: [text] }], opened.files);
}
