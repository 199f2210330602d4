/** Tests of a paired difference beside McNemar's, the correction for many of them, and how many samples one needs. It must not know models. */
import type { Random } from '../passes/types.ts';
import { normalCdf, Z95 } from './distributions.ts';

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

/** All 2ⁿ flips up to here. */
const EXACT_CHANGES = 12;
/** Beyond this many changes, none of which outweighs the rest, the sum of flips is normal. */
const MANY_CHANGES = 100;
const MOST_OF_ONE = 0.05;
const FIRST_FLIPS = 999;
const MORE_FLIPS = 9999;
/** Only a small p-value is worth more flips. */
const WORTH_MORE = 0.2;

/**
 * Two-sided sign-flip test of paired differences: if neither model is better, each difference may as well have the
 * other sign. All 2ⁿ flips where that is few enough; else seeded draws, whose p-value is never 0; for many changes the
 * normal limit, whose variance Σd² is exact.
 * Source: Phipson & Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010) article 39.
 */
export function signFlipTest(differences: ArrayLike<number>, random: Random): number {
  const changed = Float64Array.from(differences).filter((d) => d !== 0);
  if (changed.length === 0) return 1;
  let sum = 0;
  let magnitude = 0;
  let squares = 0;
  let largest = 0;
  for (const d of changed) {
    sum += d;
    magnitude += Math.abs(d);
    squares += d * d;
    largest = Math.max(largest, d * d);
  }
  // Sums in another order differ by rounding; what is equal must count as equal.
  const observed = Math.abs(sum) - magnitude * 1e-12;
  if (changed.length <= EXACT_CHANGES) return exactFlips(changed, observed);
  if (changed.length > MANY_CHANGES && largest <= MOST_OF_ONE * squares) {
    return Math.min(1, 2 * normalCdf(-Math.abs(sum) / Math.sqrt(squares)));
  }
  const first = drawnFlips(changed, observed, FIRST_FLIPS, random);
  return first > WORTH_MORE ? first : drawnFlips(changed, observed, MORE_FLIPS, random);
}

function drawnFlips(changed: Float64Array, observed: number, flips: number, random: Random): number {
  let asFar = 0;
  for (let f = 0; f < flips; f++) {
    let sum = 0;
    for (const d of changed) sum += random.next() < 0.5 ? d : -d;
    if (Math.abs(sum) >= observed) asFar++;
  }
  return (asFar + 1) / (flips + 1);
}

function exactFlips(changed: Float64Array, observed: number): number {
  const all = 2 ** changed.length;
  let asFar = 0;
  for (let signs = 0; signs < all; signs++) {
    let sum = 0;
    for (const [i, d] of changed.entries()) sum += ((signs >>> i) & 1) === 1 ? d : -d;
    if (Math.abs(sum) >= observed) asFar++;
  }
  return asFar / all;
}

const Z_POWER_80 = 0.8416212335729143;

/**
 * Pairs that are needed so that McNemar's test at 5 % finds a true difference of proportions with 80 % chance:
 * n = (z₁₋α⁄₂·√ψ + z₁₋β·√(ψ − d²))² / d², ψ the share of pairs that disagree, at least d.
 * Source: Connor, Biometrics 43 (1987) 207–211.
 */
export function pairsNeeded(difference: number, discordance: number): number {
  const psi = Math.max(discordance, difference);
  const root = Z95 * Math.sqrt(psi) + Z_POWER_80 * Math.sqrt(psi - difference * difference);
  return Math.ceil((root / difference) ** 2);
}

/**
 * The same for a mean of paired differences with the standard error `standardError` on `n` pairs:
 * ((z₁₋α⁄₂ + z₁₋β)·σ / d)², σ = standardError·√n.
 */
export function pairsNeededForMean(difference: number, standardError: number, n: number): number {
  return Math.ceil((((Z95 + Z_POWER_80) * standardError) / difference) ** 2 * n);
}
