/**
 * Sizes for a model's free dimensions that it really accepts: guesses are tried by running, because a graph does not
 * say what its reshapes and strides allow. It must not know what the sizes are for.
 */
import { PareError } from '../core/errors.ts';
import type { Clock } from './latency.ts';
import { largestInput, makeFeeds, MAX_INPUT_ELEMENTS } from './feeds.ts';
import { dimensionTrials } from './inputs.ts';
import type { DimensionSizes, ModelInput } from './inputs.ts';
import type { Session } from './session.ts';

export type SizesFound =
  { readonly ok: true; readonly sizes: DimensionSizes } | { readonly ok: false; readonly reason: string };

export interface FindSizesOptions {
  readonly clock: Clock;
  readonly breathe: () => Promise<void>;
}

/** Guessing ends here even when guesses are left. */
const GUESSING_MILLIS = 15_000;

function describe(sizes: DimensionSizes): string {
  const parts = Object.entries(sizes).map(([key, size]) => `${key} = ${size}`);
  return parts.length === 0 ? 'its own fixed sizes' : parts.join(', ');
}

/**
 * The first set of sizes with which `session` runs.
 * @throws PareError `runtime-crashed`, `out-of-memory`: after those nothing can be tried any more.
 */
export async function findSizes(
  session: Pick<Session, 'run' | 'feeds'>,
  inputs: readonly ModelInput[],
  settings: DimensionSizes,
  seed: number,
  { clock, breathe }: FindSizesOptions,
): Promise<SizesFound> {
  const start = clock.now();
  const trials = dimensionTrials(inputs, settings);
  let first: string | undefined;
  let tried = 0;
  for (const sizes of trials) {
    if (tried > 0 && clock.now() - start > GUESSING_MILLIS) break;
    if (largestInput(inputs, sizes) > MAX_INPUT_ELEMENTS) {
      first ??= `${describe(sizes)} makes an input of more than ${MAX_INPUT_ELEMENTS} elements`;
      continue;
    }
    tried++;
    try {
      await session.run(session.feeds(makeFeeds(inputs, sizes, seed, 0)));
      return { ok: true, sizes };
    } catch (error) {
      if (!(error instanceof PareError) || error.code !== 'runtime-refused') throw error;
      first ??= `${describe(sizes)}: ${error.message}`;
    }
    await breathe();
  }
  const sets = trials.length === 1 ? 'The model did not run' : `None of ${tried} sets of sizes worked`;
  return {
    ok: false,
    reason: `${sets} on made-up inputs. ${first ?? ''}${
      trials.length === 1 ? '' : ' Setting the free dimensions by hand may help.'
    }`,
  };
}
