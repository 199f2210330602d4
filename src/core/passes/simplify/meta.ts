/** What the *simplify* pass is, as data for sliders, recipes and help. */
import type { PassMeta } from '../types.ts';

export const SIMPLIFY_META: PassMeta = {
  id: 'simplify',
  label: 'Simplify',
  help: 'Removes work that never changes the result: constants are computed once, batch normalization is folded into convolutions, dead and repeated parts go. Outputs stay the same up to float rounding.',
  params: {},
  layerParams: [],
  exact: true,
};
