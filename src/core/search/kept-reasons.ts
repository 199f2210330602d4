/** Why a layer stayed in more bits, or in floats, than was on offer: in words with the numbers. It must not choose. */
import type { LayerChoices } from './layer-options.ts';
import { breakEvenFanIn } from './cost-model.ts';
import { bitsOf, boldest } from './options.ts';
import type { DeviceSpeed, LayerOption, TuneCandidate } from './types.ts';

type Kept = TuneCandidate['kept'][number];

/** @param budget damage that all layers together may do. */
export function keptReasons(
  layers: readonly LayerChoices[],
  choice: Readonly<Record<string, LayerOption>>,
  offered: readonly LayerOption[],
  budget: number,
  speed: DeviceSpeed | null,
): Kept[] {
  const fewest = boldest(offered);
  return layers.flatMap((layer): Kept[] => {
    const option = choice[layer.layer];
    if (option === undefined) return [];
    const inFloats = offered.includes('int8-activations') && option !== 'int8-activations';
    if (bitsOf(option) === bitsOf(fewest) && !inFloats) return [];
    const reasons = [
      bitsOf(option) > bitsOf(fewest) ? bitsReason(layer, option, fewest, budget) : undefined,
      inFloats ? floatReason(layer, option, budget, speed) : undefined,
    ].filter((reason) => reason !== undefined);
    return reasons.length === 0 ? [] : [{ layer: layer.layer, option, reason: reasons.join('; ') }];
  });
}

function of(layer: LayerChoices, option: LayerOption) {
  const index = layer.options.indexOf(option);
  return index < 0 ? undefined : layer.allocation.choices[index];
}

function bitsReason(layer: LayerChoices, option: LayerOption, fewest: LayerOption, budget: number): string {
  const bold = of(layer, fewest);
  const now = of(layer, option);
  if (bold === undefined || now === undefined)
    return `in ${fewest} it cannot be had: its codes would take no fewer bytes, or the target refuses them`;
  if (bold.bytes >= now.bytes)
    return `in ${fewest} it would take no fewer bytes (${bold.bytes} against ${now.bytes})`;
  const share = budget > 0 ? bold.damage / budget : Infinity;
  if (share >= 1) return `in ${fewest} it alone would do ${times(share)} the damage that is allowed`;
  return `in ${fewest} it would use ${Math.max(1, Math.round(100 * share))} % of the damage that is allowed and save ${now.bytes - bold.bytes} bytes; others save more for it`;
}

function floatReason(
  layer: LayerChoices,
  option: LayerOption,
  budget: number,
  speed: DeviceSpeed | null,
): string | undefined {
  const { work } = layer;
  const integers = of(layer, 'int8-activations');
  const now = of(layer, option);
  if (work === undefined || work.kind === 'other')
    return 'computes in floats: there is no integer kernel for it';
  if (integers === undefined)
    return speed === null
      ? 'computes in floats: the speed of this device is not known'
      : 'computes in floats: its activations could not be tried in 8 bits';
  if (work.kind === 'depthwise') return 'computes in floats: depthwise convolutions are slower in integers';
  const breakEven = breakEvenFanIn(speed);
  if (speed !== null && work.fanIn < breakEven)
    return `computes in floats: fan-in ${Math.round(work.fanIn)} is below the break-even ${Math.round(breakEven)} of this device`;
  if (budget > 0 && integers.damage > budget)
    return `computes in floats: in integers it alone would do ${times(integers.damage / budget)} the damage that is allowed`;
  if (
    now !== undefined &&
    integers.nanos + layer.allocation.enterNanos + layer.allocation.leaveNanos >= now.nanos
  )
    return 'computes in floats: turning its values into codes and back would take longer than integers save';
  return 'computes in floats: what it would save is not worth its damage';
}

function times(share: number): string {
  return Number.isFinite(share) ? `${Number(share.toPrecision(2))} times` : 'many times';
}
