/** Which passes the two sliders stand for, and the order in which steps are put into a recipe. Names only. */

export const SIMPLIFY = 'simplify';
export const PRUNE = 'prune';
export const QUANTIZE = 'quantize';
export const PASS_ORDER: readonly string[] = [SIMPLIFY, PRUNE, QUANTIZE];

export const PRECISION_PARAM = 'precision';
export const SPARSITY_PARAM = 'sparsity';
