/**
 * Picks what made-up floats span: −1..1 fits most models, but one trained on 0..255 hardly notices such inputs, and
 * would then agree with anything. It must not run the variant.
 */
import { CLEARLY_MORE, NEARLY_CONSTANT, variationOf } from '../core/calibration/variation.ts';
import { numbersOf } from './compare.ts';
import { makeFeeds } from './feeds.ts';
import type { ValueRange } from './feeds.ts';
import { isState } from './inputs.ts';
import type { DimensionSizes, ModelInput } from './inputs.ts';
import type { Session } from './session.ts';

const SAMPLES = 4;
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
