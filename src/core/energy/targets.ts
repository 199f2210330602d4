/**
 * Energy constants of kinds of machines, each as a range with its source. Orders of magnitude, not properties of one
 * product: a user who knows better overrides them. It must not know models or clocks.
 *
 * Two ends of a range are two ways to look: the low one is what arithmetic or a cache takes where everything goes
 * well, the high one what a whole package draws per operation where it does not.
 */
import type { EnergySettings, EnergyTarget } from './types.ts';

/** "Computing's energy problem (and what we can do about it)", figure 1.1.9: rough energies in 45 nm at 0.9 V. */
const HOROWITZ =
  'M. Horowitz, “Computing’s energy problem”, ISSCC 2014, table for 45 nm: float32 multiply 3.7 pJ + add 0.9 pJ, about 70 pJ to issue an instruction, 64 bits from a 1 MB cache 100 pJ, from DRAM 1.3–2.6 nJ';

const LAPTOP: EnergyTarget = {
  id: 'laptop',
  label: 'Laptop CPU',
  picojoulesPerMac: [20, 150],
  picojoulesPerByte: [12.5, 325],
  source: `${HOROWITZ}. Bytes: all from the cache (100 pJ / 8) to all from DRAM (2.6 nJ / 8). MACs: low end the arithmetic plus the issue of an instruction shared by 4 or 5 lanes; high end an order of magnitude, not verified: a package of 28 W that does 190 billion float32 MACs a second.`,
};

export const ENERGY_TARGETS: readonly EnergyTarget[] = [
  LAPTOP,
  {
    id: 'browser',
    label: 'Browser (WASM) on a laptop',
    picojoulesPerMac: [80, 700],
    picojoulesPerByte: [12.5, 325],
    source: `Bytes as for the laptop CPU: ${HOROWITZ}. MACs: order of magnitude, not verified: one core of 2–8 W that does 12–24 billion float32 MACs a second in 128-bit SIMD.`,
  },
  {
    id: 'desktop-gpu',
    label: 'Desktop GPU',
    picojoulesPerMac: [15, 150],
    picojoulesPerByte: [30, 200],
    source:
      'Order of magnitude, not verified. MACs: 200–350 W over 15 trillion float32 MACs a second at 15–100 % use. Bytes: from memory of M. O’Connor et al., “Fine-Grained DRAM”, MICRO 2017 (HBM2 about 4 pJ a bit, GDDR5 about 14 pJ a bit), and what the chip adds to it.',
  },
  {
    id: 'phone',
    label: 'Phone CPU',
    picojoulesPerMac: [15, 150],
    picojoulesPerByte: [10, 100],
    source:
      'Order of magnitude, not verified. MACs: a core of 0.5–2 W that does 10–20 billion float32 MACs a second. Bytes: from memory of data sheets, 4–8 pJ a bit for LPDDR4/5 and what the chip adds to it; low end a cache.',
  },
  {
    id: 'microcontroller',
    label: 'Microcontroller (Cortex-M4 class)',
    picojoulesPerMac: [300, 3000],
    picojoulesPerByte: [1.25, 50],
    source:
      'Order of magnitude, not verified. MACs: 100–300 pJ a clock cycle (data sheets of such parts, from memory) times 3–10 cycles for a float32 MAC with its loads. Bytes: low end 10 pJ for 64 bits of an 8 kB memory (Horowitz, ISSCC 2014), high end flash.',
  },
];

/** The target with this id, or the laptop: a stored project may name one that no longer exists. */
export function energyTarget(id: string): EnergyTarget {
  return ENERGY_TARGETS.find((target) => target.id === id) ?? LAPTOP;
}

/**
 * What is taken until the user says otherwise: a laptop on the world's average electricity, and a number of inferences
 * that is easy to scale.
 */
export const DEFAULT_ENERGY: EnergySettings = {
  targetId: LAPTOP.id,
  gridGramsPerKwh: 480,
  inferencesPerDay: 1_000_000,
};

/** Where the default of `gridGramsPerKwh` comes from. */
export const GRID_SOURCE =
  'World average of 2023, about 480 g CO₂e per kWh (Ember, Global Electricity Review 2024); from below 60 (France, Norway) to above 700 (India).';
