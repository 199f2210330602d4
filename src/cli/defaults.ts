/** What options mean when they are not given. It must not know commands. */
import type { LayerOption } from '../core/search/types.ts';

export const DEFAULT_BUDGET_SECONDS = 10;
export const DEFAULT_SENSITIVITY_OPTIONS: readonly LayerOption[] = ['int8', 'int8-activations', 'int4'];
/** Where scores of layers stop changing their order much. */
export const DEFAULT_SENSITIVITY_SAMPLES = 32;
