/** `pare profile`: time by operator as the runtime itself reports it, with operations and activation memory. */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { assertValid } from '../core/onnx/verify.ts';
import { countCosts } from '../core/profile/costs.ts';
import { layerNodes } from '../core/profile/layer-nodes.ts';
import type { CostSummary, ProfileResult } from '../core/profile/types.ts';
import { chromeTrace } from '../core/report/trace.ts';
import { profileInNode } from '../runtime/node-profile.ts';
import type { Command } from './arguments.ts';
import { filesOf } from './model-files.ts';
import { openModelFile } from './open-model.ts';
import type { Outcome } from './outcome.ts';
import { formatBytes, formatPairs, formatPercent, formatTable, significant } from './table.ts';

type ProfileCommand = Extract<Command, { name: 'profile' }>;

/** Rows of the text; the JSON has all. */
const SHOWN_NODES = 25;

/** @throws PareError as openModelFile and profileInNode do */
export async function profileModelFile(command: ProfileCommand): Promise<Outcome> {
  const opened = openModelFile(command.model);
  try {
    assertValid(opened.model);
    const profile = await profileInNode({
      model: filesOf(opened),
      provider: 'wasm',
      threads: command.threads,
      seed: command.seed,
      dimensions: command.dimensions,
      budgetMillis: command.budgetMillis,
      layerNodes: layerNodes(opened.model),
    });
    const costs = countCosts(opened.model, profile.dimensions);
    const title = basename(command.model);
    if (command.output !== undefined) writeFileSync(command.output, chromeTrace(profile, { title }));
    const { events, ...figures } = profile;
    return {
      json: { file: command.model, ...figures, events: events.length, costs },
      text: textOf(command, profile, costs),
    };
  } finally {
    opened.dispose();
  }
}

function textOf({ output }: ProfileCommand, profile: ProfileResult, costs: CostSummary): string {
  const shown = profile.nodes.toSorted((a, b) => b.micros - a.micros).slice(0, SHOWN_NODES);
  const table = formatTable(
    [
      { title: 'Operator' },
      { title: 'Node' },
      { title: 'Time', align: 'right' },
      { title: 'Share', align: 'right' },
      { title: 'Layer' },
    ],
    shown.map(({ op, node, micros, share, layerId }) => [
      op,
      node,
      `${significant(micros)} µs`,
      formatPercent(share),
      layerId ?? '',
    ]),
  );
  const uncounted = Object.entries(costs.uncounted).map(([op, n]) => `${n} × ${op}`);
  const words = formatPairs([
    ['Runs', `${profile.runs}, one takes ${significant(profile.runMicros / 1000)} ms while it is profiled`],
    [
      'Mind',
      'profiled runs are two to three times slower than others: the shares count (pare measure times)',
    ],
    ['Operations', `${costs.macs} multiply-accumulates, counted`],
    ['Activations', `${formatBytes(costs.peakActivationBytes)} alive at once, counted`],
    ...(uncounted.length === 0 ? [] : [['Not counted', uncounted.join(', ')] as const]),
    ...(output === undefined ? [] : [['Wrote', output] as const]),
  ]);
  const rest = profile.nodes.length - shown.length;
  return `${table}${rest > 0 ? `\n… ${rest} more` : ''}\n\n${words}`;
}
