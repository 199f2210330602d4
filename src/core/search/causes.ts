/**
 * Why a layer suffers, in words, from figures that were counted. Figures are named with their thresholds, so that the
 * sentence is never more certain than they are. It must not know how damages were measured.
 */
import type { Cause, OptionDamage } from './types.ts';
import type { WeightFacts } from './weight-facts.ts';

/** What is known of one layer. */
export interface CauseFacts {
  readonly weight: WeightFacts;
  /** One scale for the whole weight: differences between channels then count. */
  readonly perTensor: boolean;
  readonly activationRatio: number | undefined;
  readonly clipped: number | undefined;
  readonly elements: number;
  /** Products in one output; undefined where that is not known. */
  readonly fanIn: number | undefined;
  /** Integer kernels lose below this fan-in, even between integer neighbours. Not said: borders decide how much more is needed. */
  readonly breakEven: number;
  /** No weight layer follows it. */
  readonly last: boolean;
}

/** The median channel then has less than 4 of 7 bits left. */
const CHANNEL_RATIO = 8;
/** One channel of the input takes three bits from the median one. */
const ACTIVATION_RATIO = 8;
/** Of a normal distribution 1 in 10¹⁵ lies beyond; in a row of some hundred weights it is an outlier. */
const OUTLIER_SIGMAS = 8;
const CLIPPED_SHARE = 0.001;
/** Rounding saves little here, and errors do not average out. */
const TINY_ELEMENTS = 1024;

export function findCauses(
  facts: CauseFacts,
  damages: readonly OptionDamage[],
  suspicious: boolean,
): Cause[] {
  const causes = [...weightCauses(facts), ...inputCauses(facts, damages), ...placeCauses(facts)];
  if (causes.length > 0 || !suspicious) return causes;
  const text = 'Neither its weights nor its inputs show why; the layer simply carries much of the result.';
  return [{ id: 'none-found', text }];
}

/** What is in its weights. */
function weightCauses({ weight, perTensor }: CauseFacts): Cause[] {
  const causes: Cause[] = [];
  if (weight.channelRatio !== undefined && weight.channelRatio >= CHANNEL_RATIO) {
    const consequence = perTensor
      ? 'one scale cannot serve them all'
      : 'one scale for the whole layer could not serve them all';
    causes.push({
      id: 'channel-ranges',
      text: `The largest weights of its output channels differ by a factor of ${round(weight.channelRatio)} from the median channel: ${consequence}.`,
    });
  }
  if (weight.inputRatio !== undefined && weight.inputRatio >= CHANNEL_RATIO) {
    causes.push({
      id: 'channel-ranges',
      text: `Its weights for one input channel are ${round(weight.inputRatio)} times those for the median one: every scale is stretched for them, and the others lose precision.`,
    });
  }
  if (weight.outlier >= OUTLIER_SIGMAS) {
    causes.push({
      id: 'outliers',
      text: `One weight is ${round(weight.outlier)} times the spread of its channel: it stretches the scale, and the others lose precision.`,
    });
  }
  return causes;
}

/** What flows into it. */
function inputCauses(
  { activationRatio, clipped, fanIn, breakEven }: CauseFacts,
  damages: readonly OptionDamage[],
): Cause[] {
  const causes: Cause[] = [];
  const integers = damages.some(({ option }) => option === 'int8-activations');
  if (activationRatio !== undefined && activationRatio >= ACTIVATION_RATIO) {
    causes.push({
      id: 'activation-range',
      text: `One channel of its input is ${round(activationRatio)} times larger than the median one: small weights decide much there, and one range for all channels leaves few levels for the rest.`,
    });
  }
  if (clipped !== undefined && clipped >= CLIPPED_SHARE && integers) {
    causes.push({
      id: 'clipped',
      text: `${round(100 * clipped)} % of its input values lie beyond the range that its 8-bit codes cover.`,
    });
  }
  if (fanIn !== undefined && fanIn < breakEven && integers) {
    causes.push({
      id: 'few-inputs',
      text: `Each output sums only ${fanIn} products: integer kernels save little there, and rounding their results costs more.`,
    });
  }
  return causes;
}

/** How large it is, and where it stands. */
function placeCauses({ elements, last }: CauseFacts): Cause[] {
  const tiny = `It has ${elements} weights: keeping them in more bits costs next to nothing.`;
  const near = 'Nothing follows that could even out its errors: they are in the output as they are.';
  return [
    ...(elements < TINY_ELEMENTS ? [{ id: 'tiny-layer' as const, text: tiny }] : []),
    ...(last ? [{ id: 'near-output' as const, text: near }] : []),
  ];
}

function round(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en-US');
}
