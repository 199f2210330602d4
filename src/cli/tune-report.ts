/** What tuning tried and found: one object for programs, sentences for people. It must not measure anything. */
import { basename } from 'node:path';
import { goalSentence } from '../core/goal/sentence.ts';
import type { Goal } from '../core/goal/types.ts';
import type { DeviceSpeed, TuneResult } from '../core/search/types.ts';
import { DEFAULT_TARGET } from '../core/targets/types.ts';
import type { Command } from './arguments.ts';
import type { Confirmed } from './confirm-winner.ts';
import { formatBytes, formatPercent } from './table.ts';
import type { Tried } from './try-candidates.ts';

export interface Tuned {
  readonly command: Extract<Command, { name: 'tune' }>;
  readonly goal: Goal;
  readonly speed: DeviceSpeed | null;
  readonly found: TuneResult;
  readonly tried: readonly Tried[];
  /** Of `tried`, the one that was chosen; −1 = none. */
  readonly best: number;
  /** Of the chosen one; null where no accuracy was measured, or none was chosen. */
  readonly confirmed: Confirmed | null;
}

/** The candidate that is taken: the best, unless samples that chose nothing refute it. */
export function winnerOf({ tried, best, confirmed }: Tuned): Tried | undefined {
  return best < 0 || confirmed?.state === 'refuted' ? undefined : tried[best];
}

export function reportJson(tuned: Tuned) {
  const { command, goal, speed, found, tried, best, confirmed } = tuned;
  const { model, target = DEFAULT_TARGET, output, recipeOutput } = command;
  return {
    file: model,
    target,
    goal,
    output: output ?? null,
    recipeOutput: recipeOutput ?? null,
    device: speed,
    sensitivity: found.sensitivity,
    searchMillis: found.millis,
    candidates: tried.map(candidateJson),
    winner: winnerOf(tuned) === undefined ? null : best,
    confirmation: confirmed,
  };
}

export function describe(tuned: Tuned): string {
  const { command, goal, found, tried, best, confirmed } = tuned;
  const winner = winnerOf(tuned);
  return [
    `Goal: ${goalSentence(goal)}`,
    ...(found.sensitivity.origin === 'synthetic'
      ? ['No data was given: damages were measured on made-up inputs, and no accuracy was measured.']
      : []),
    '',
    ...tried.flatMap((candidate, i) => [
      ...candidateText(candidate, i + 1, candidate === winner),
      ...(i === best && confirmed !== null ? [`     ${confirmed.sentence}`] : []),
    ]),
    '',
    ...(winner === undefined ? [nothingTaken(tuned)] : writtenLines(command)),
  ].join('\n');
}

function nothingTaken({ command, tried, confirmed }: Tuned): string {
  const made = `of the ${tried.length} recipes that were made and measured`;
  const why =
    tried.length === 0
      ? 'No choice of precisions was found that the goal allows.'
      : confirmed === null
        ? `None ${made} keeps to the goal.`
        : `The best ${made} does not keep to the goal on samples that chose nothing.`;
  return `${why} Nothing was written: ${basename(command.model)} stays the best. Allow a larger loss or size, or other --options.`;
}

function writtenLines({ output, recipeOutput }: Tuned['command']): string[] {
  if (output === undefined && recipeOutput === undefined)
    return ['Nothing was written: -o OUT writes the model, --recipe-out FILE its recipe.'];
  return [
    ...(output === undefined ? [] : [`Wrote ${output}.`]),
    ...(recipeOutput === undefined ? [] : [`Wrote the recipe ${recipeOutput}.`]),
  ];
}

function candidateJson({ candidate, recipe, facts, comparison, latency, judged, notMeasured }: Tried) {
  return {
    recipe,
    choice: candidate.choice,
    predicted: { source: 'predicted', ...candidate.predicted },
    measured: { source: 'measured', bytes: facts.bytes, latency, comparison },
    recommended: judged.recommended,
    reasons: judged.reasons,
    kept: candidate.kept,
    notMeasured,
  };
}

const KEPT_LINES = 12;

function candidateText(tried: Tried, number: number, best: boolean): string[] {
  const { candidate, facts, latency, judged, notMeasured } = tried;
  const counts = new Map<string, number>();
  for (const option of Object.values(candidate.choice)) counts.set(option, (counts.get(option) ?? 0) + 1);
  const mix = [...counts].map(([option, count]) => `${count} × ${option}`).join(', ');
  const speed =
    latency === null
      ? 'speed not measured'
      : `${latency.speedup.toFixed(2)} × as fast [${latency.speedupInterval.low.toFixed(2)}, ${latency.speedupInterval.high.toFixed(2)}]`;
  const { kept } = candidate;
  return [
    `${best ? '★' : ' '} ${number}. ${mix}`,
    `     ${formatBytes(facts.bytes)} (${formatPercent(facts.bytes / candidate.predicted.bytes)} of what was predicted); ${speed}; ${accuracyText(tried)} (measured)`,
    `     ${judged.recommended ? 'keeps to the goal' : 'not recommended'}${judged.reasons.length === 0 ? '' : `: ${judged.reasons.join(' ')}`}`,
    ...notMeasured.map((reason) => `     not measured: ${reason}`),
    ...(best
      ? kept
          .slice(0, KEPT_LINES)
          .map(({ layer, option, reason }) => `     ${layer} stays ${option}: ${reason}`)
      : []),
    ...(best && kept.length > KEPT_LINES
      ? [`     and ${kept.length - KEPT_LINES} layers more (--json lists them)`]
      : []),
  ];
}

/** On the samples that it was judged by. */
function accuracyText({ comparison, by }: Tried): string {
  if (comparison === null || by === null) return 'accuracy not measured';
  const half = by === comparison ? '' : ', the half that chooses';
  return `${by.sentence}${half}`;
}
