/**
 * `pare tune`: finds recipes of mixed precision for a goal, makes the likeliest, times and evaluates them against the
 * original, and writes the best that keeps to the goal. A model that got worse is never written.
 */
import { basename, dirname, join } from 'node:path';
import { assertValid } from '../core/onnx/verify.ts';
import { goalSentence } from '../core/goal/sentence.ts';
import type { Goal } from '../core/goal/types.ts';
import { stringifyRecipe } from '../core/recipe/stringify.ts';
import { DEFAULT_CALIBRATION_SAMPLES } from '../core/recipe/types.ts';
import { bestOf } from '../core/search/recommend.ts';
import type { DeviceSpeed, TuneRequest, TuneResult } from '../core/search/types.ts';
import { DEFAULT_TARGET } from '../core/targets/types.ts';
import { measureDeviceSpeed } from '../runtime/device-speed.ts';
import { loadNodeRuntime } from '../runtime/node-ort.ts';
import { createNodeRunner } from '../runtime/node-runner.ts';
import { LEAST_STATISTICS_SAMPLES, searchRecipes } from '../worker/search-model.ts';
import type { Command } from './arguments.ts';
import { openCalibration } from './open-calibration.ts';
import { openModelFile, type OpenModel } from './open-model.ts';
import type { Outcome } from './outcome.ts';
import { showProgress } from './progress.ts';
import { DEFAULT_SENSITIVITY_SAMPLES } from './defaults.ts';
import { candidateJson, candidateText, tryCandidates, type Tried } from './try-candidates.ts';
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
    const tried = await tryCandidates(found.candidates, {
      opened,
      goal: request.goal,
      target,
      threads: command.threads,
      seed: command.seed,
      samples,
      calibration: open,
      runner,
      checkpoint: within(SEARCH_SHARE, 1),
    });
    progress.clear();
    const best = bestOf(request.goal, tried);
    const winner = best < 0 ? undefined : tried[best];
    if (winner !== undefined) write(command, opened, winner);
    return {
      json: { ...reportJson(command, request.goal, speed, found, tried), winner: best < 0 ? null : best },
      text: describe(command, request.goal, found, tried, winner),
    };
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

function reportJson(
  { model, target = DEFAULT_TARGET, output, recipeOutput }: TuneCommand,
  goal: Goal,
  speed: DeviceSpeed | null,
  { sensitivity, millis }: TuneResult,
  tried: readonly Tried[],
) {
  return {
    file: model,
    target,
    goal,
    output: output ?? null,
    recipeOutput: recipeOutput ?? null,
    device: speed,
    sensitivity,
    searchMillis: millis,
    candidates: tried.map(candidateJson),
  };
}

function describe(
  { model, output, recipeOutput }: TuneCommand,
  goal: Goal,
  { sensitivity }: TuneResult,
  tried: readonly Tried[],
  winner: Tried | undefined,
): string {
  const lines = [
    `Goal: ${goalSentence(goal)}`,
    ...(sensitivity.origin === 'synthetic'
      ? ['No data was given: damages were measured on made-up inputs, and no accuracy was measured.']
      : []),
    '',
    ...tried.flatMap((candidate, i) => candidateText(candidate, i + 1, candidate === winner)),
    '',
  ];
  if (winner === undefined) {
    const why =
      tried.length === 0
        ? 'No choice of precisions was found that the goal allows.'
        : `None of the ${tried.length} recipes that were made and measured keeps to the goal.`;
    lines.push(
      `${why} Nothing was written: ${basename(model)} stays the best. Allow a larger loss or size, or other --options.`,
    );
    return lines.join('\n');
  }
  if (output !== undefined) lines.push(`Wrote ${output}.`);
  if (recipeOutput !== undefined) lines.push(`Wrote the recipe ${recipeOutput}.`);
  if (output === undefined && recipeOutput === undefined)
    lines.push('Nothing was written: -o OUT writes the model, --recipe-out FILE its recipe.');
  return lines.join('\n');
}
