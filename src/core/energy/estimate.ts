/**
 * Energy of one inference as a range: E = MACs · pJ/MAC + bytes · pJ/byte, both ends of each constant taken together.
 * Always an estimate and marked so; it must not know clocks, runtimes or models.
 */
import type { CostSummary } from '../profile/types.ts';
import { energyTarget } from './targets.ts';
import type { EnergyEstimate, EnergySettings, EnergyTarget } from './types.ts';

const JOULES_PER_KWH = 3.6e6;
const DAYS_PER_YEAR = 365;
const FLOAT32_BYTES = 4;

/** What an estimate is made from. */
interface EnergyCosts {
  readonly macs: number;
  readonly bytesMoved: number;
}

type CountedCosts = Pick<CostSummary, 'macs' | 'parameters' | 'weightBytes' | 'activationBytes'>;

/**
 * Bytes to and from memory in one inference: each weight read once, as the runtime holds it while it runs, and each
 * activation written once and read once. Weights that are stored small are decoded to float32 when the model is loaded,
 * so that they count 4 bytes each whatever the file says; weights that are wider than that count as they are.
 */
export function energyCosts(costs: CountedCosts): EnergyCosts {
  const heldBytes = Math.max(costs.weightBytes, costs.parameters * FLOAT32_BYTES);
  return { macs: costs.macs, bytesMoved: heldBytes + 2 * costs.activationBytes };
}

/**
 * @param counted operations and bytes, or what was counted in a graph
 * @returns millijoules per inference, kWh and grams of CO₂ equivalent per year, each [low, high]
 */
export function estimateEnergy(
  counted: EnergyCosts | CountedCosts,
  settings: EnergySettings,
): EnergyEstimate {
  const costs = 'bytesMoved' in counted ? counted : energyCosts(counted);
  const target = energyTarget(settings.targetId);
  const perMac = settings.picojoulesPerMac ?? target.picojoulesPerMac;
  const perByte = settings.picojoulesPerByte ?? target.picojoulesPerByte;
  const range = (end: 0 | 1): number =>
    // 1 pJ = 1e−9 mJ
    (costs.macs * perMac[end] + costs.bytesMoved * perByte[end]) * 1e-9;
  const millijoules = [range(0), range(1)] as const;
  const kwh = (value: number): number =>
    (value * 1e-3 * settings.inferencesPerDay * DAYS_PER_YEAR) / JOULES_PER_KWH;
  const kwhPerYear = [kwh(millijoules[0]), kwh(millijoules[1])] as const;
  return {
    source: 'estimated',
    millijoules,
    kwhPerYear,
    gramsPerYear: [kwhPerYear[0] * settings.gridGramsPerKwh, kwhPerYear[1] * settings.gridGramsPerKwh],
    macs: costs.macs,
    bytesMoved: costs.bytesMoved,
    assumptions: assumptions(settings, perMac, perByte, target),
  };
}

function assumptions(
  settings: EnergySettings,
  perMac: readonly [number, number],
  perByte: readonly [number, number],
  target: EnergyTarget,
): readonly string[] {
  const own = !same(perMac, target.picojoulesPerMac) || !same(perByte, target.picojoulesPerByte);
  return [
    `${own ? 'Your own constants' : target.label}: ${perMac[0]}–${perMac[1]} pJ per multiply-accumulate in float32 and ${perByte[0]}–${perByte[1]} pJ per byte moved.`,
    'Each weight is read once per inference, as float32: weights that are stored smaller are decoded when the model is loaded. Each activation is written once and read once.',
    'Counted from the graph as the file has it: a runtime that fuses operations by itself writes fewer activations.',
    'Only multiply-accumulates and these bytes are counted; zeros cost as much as other weights.',
    'Not counted: idle power, screen, network, cooling, loading the model, making the device.',
    `${settings.gridGramsPerKwh} g CO₂e per kWh and ${settings.inferencesPerDay} inferences on each of ${DAYS_PER_YEAR} days, one sample at a time.`,
  ];
}

const same = (a: readonly [number, number], b: readonly [number, number]): boolean =>
  a[0] === b[0] && a[1] === b[1];
