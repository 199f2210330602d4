/**
 * Picks what made-up floats span: −1..1 fits most models, but one trained on 0..255 hardly notices such inputs, and
 * would then agree with anything. It must not run the variant.
 */
import { numbersOf } from './compare.ts';
import { makeFeeds } from './feeds.ts';
import type { ValueRange } from './feeds.ts';
import { isState } from './inputs.ts';
import type { DimensionSizes, ModelInput } from './inputs.ts';
import type { Session } from './session.ts';

const SAMPLES = 4;
/** Below this share of variation between samples a model is as good as constant on them. */
const NEARLY_CONSTANT = 0.01;
/** The other range must move the outputs this many times as much to be taken. */
const CLEARLY_MORE = 5;

/** @throws PareError when a run in −1..1 fails. */
export async function pickRange(
  original: Pick<Session, 'run' | 'feeds'> & { readonly ort: { readonly outputNames: readonly string[] } },
  inputs: readonly ModelInput[],
  sizes: DimensionSizes,
  seed: number,
  breathe: () => Promise<void>,
): Promise<ValueRange> {
  const floats = inputs.filter((input) => input.dataType.startsWith('float') && !isState(input));
  if (floats.length === 0) return 'signed-unit';
  const variation = async (range: ValueRange): Promise<number> => {
    const outputs: ArrayLike<number>[] = [];
    for (let sample = 0; sample < SAMPLES; sample++) {
      const values = await original.run(original.feeds(makeFeeds(inputs, sizes, seed, sample, range)));
      const first = original.ort.outputNames.map((name) => values[name]).find((value) => value !== undefined);
      const numbers = first === undefined ? undefined : numbersOf(first);
      if (numbers === undefined) return 1;
      outputs.push(numbers);
      await breathe();
    }
    return variationOf(outputs);
  };
  const unit = await variation('signed-unit');
  if (unit >= NEARLY_CONSTANT) return 'signed-unit';
  return (await variation('bytes')) > unit * CLEARLY_MORE ? 'bytes' : 'signed-unit';
}

/** Σ‖y − mean‖² / Σ‖y‖² over the outputs of several samples: 0 = always the same. 1 where it cannot be said. */
export function variationOf(outputs: readonly ArrayLike<number>[]): number {
  const length = outputs[0]?.length ?? 0;
  if (length === 0 || outputs.some((output) => output.length !== length)) return 1;
  let apart = 0;
  let total = 0;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    let squares = 0;
    for (const output of outputs) {
      sum += output[i];
      squares += output[i] * output[i];
    }
    total += squares;
    apart += squares - (sum * sum) / outputs.length;
  }
  return total > 0 && Number.isFinite(apart) ? apart / total : 1;
}
