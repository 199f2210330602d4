/** The normal and Student's distribution, as far as intervals need them. Pure numbers. */

/** Standard normal quantile for a two-sided 95 % interval. */
export const Z95 = 1.959963984540054;

/** P(Z ≤ x), absolute error below 1.5e-7. Source: Abramowitz & Stegun, 7.1.26, through erf. */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (series * Math.exp(-z * z)) / 2;
  return x < 0 ? tail : 1 - tail;
}

/** Exact to the digits shown; the expansion below is off by more than a thousandth there. */
const FEW = [12.7062, 4.3027, 3.1824, 2.7764] as const;

/**
 * The 97.5 % quantile of Student's t.
 * Source: Abramowitz & Stegun, 26.7.5 (four terms); below 5 degrees of freedom a table.
 * @param freedom degrees of freedom, at least 1.
 */
export function studentQuantile(freedom: number): number {
  const few = FEW.at(freedom - 1);
  if (freedom <= FEW.length && few !== undefined) return few;
  const z = Z95;
  const z2 = z * z;
  const g1 = (z2 + 1) / 4;
  const g2 = (5 * z2 * z2 + 16 * z2 + 3) / 96;
  const g3 = (3 * z2 ** 3 + 19 * z2 ** 2 + 17 * z2 - 15) / 384;
  const g4 = (79 * z2 ** 4 + 776 * z2 ** 3 + 1482 * z2 ** 2 - 1920 * z2 - 945) / 92160;
  const inverse = 1 / freedom;
  return z * (1 + inverse * (g1 + inverse * (g2 + inverse * (g3 + inverse * g4))));
}
