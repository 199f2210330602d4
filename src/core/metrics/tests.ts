/** Tests of a paired difference beside McNemar's, the correction for many of them, and how many samples one needs. It must not know models. */
import type { Random } from '../passes/types.ts';

/**
 * Holm's step-down correction: which of the hypotheses fall at the family-wise level `alpha`.
 * Source: Holm, Scandinavian Journal of Statistics 6 (1979) 65–70.
 */
export function holm(pValues: readonly number[], alpha = 0.05): boolean[] {
  const order = pValues.map((p, i) => ({ p, i })).sort((a, b) => a.p - b.p);
  const rejected = pValues.map(() => false);
  for (const [rank, { p, i }] of order.entries()) {
    if (p > alpha / (pValues.length - rank)) break;
    rejected[i] = true;
  }
  return rejected;
}

const MOST_FLIPS = 9999;
const MOST_STEPS = 50_000_000;
const FEWEST_FLIPS = 999;

/**
 * Two-sided sign-flip test of paired differences: if neither model is better, each difference may as well have the
 * other sign. All 2ⁿ flips where that is few enough, else seeded draws; the p-value is never 0.
 * Source: Phipson & Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010) article 39.
 */
export function signFlipTest(differences: ArrayLike<number>, random: Random): number {
  const changed = Array.from(differences).filter((d) => d !== 0);
  const n = changed.length;
  if (n === 0) return 1;
  const magnitude = changed.reduce((sum, d) => sum + Math.abs(d), 0);
  // Sums in another order differ by rounding; what is equal must count as equal.
  const observed = Math.abs(changed.reduce((sum, d) => sum + d, 0)) - magnitude * 1e-12;
  if (n <= 12) return exactFlips(changed, observed);
  const flips = Math.max(FEWEST_FLIPS, Math.min(MOST_FLIPS, Math.floor(MOST_STEPS / n)));
  let asFar = 0;
  for (let f = 0; f < flips; f++) {
    let sum = 0;
    for (const d of changed) sum += random.next() < 0.5 ? d : -d;
    if (Math.abs(sum) >= observed) asFar++;
  }
  return (asFar + 1) / (flips + 1);
}

function exactFlips(changed: readonly number[], observed: number): number {
  const all = 2 ** changed.length;
  let asFar = 0;
  for (let signs = 0; signs < all; signs++) {
    let sum = 0;
    for (const [i, d] of changed.entries()) sum += ((signs >>> i) & 1) === 1 ? d : -d;
    if (Math.abs(sum) >= observed) asFar++;
  }
  return asFar / all;
}

const Z_TWO_SIDED_5 = 1.959963984540054;
const Z_POWER_80 = 0.8416212335729143;

/**
 * Pairs that are needed so that McNemar's test at 5 % finds a true difference of proportions with 80 % chance:
 * n = (z₁₋α⁄₂·√ψ + z₁₋β·√(ψ − d²))² / d², ψ the share of pairs that disagree, at least d.
 * Source: Connor, Biometrics 43 (1987) 207–211.
 */
export function pairsNeeded(difference: number, discordance: number): number {
  const psi = Math.max(discordance, difference);
  const root = Z_TWO_SIDED_5 * Math.sqrt(psi) + Z_POWER_80 * Math.sqrt(psi - difference * difference);
  return Math.ceil((root / difference) ** 2);
}

/**
 * The same for a mean of paired differences with the standard error `standardError` on `n` pairs:
 * ((z₁₋α⁄₂ + z₁₋β)·σ / d)², σ = standardError·√n.
 */
export function pairsNeededForMean(difference: number, standardError: number, n: number): number {
  return Math.ceil((((Z_TWO_SIDED_5 + Z_POWER_80) * standardError) / difference) ** 2 * n);
}
