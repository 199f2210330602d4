/** Damage of many layers changed at once, on the calibration samples; activations stay floats. It must not choose. */
import type { Model } from '../onnx/ir.ts';
import type { TargetId } from '../targets/types.ts';
import { makeCandidates } from './candidates.ts';
import type { SearchContext } from './context.ts';
import { weightPrecision } from './options.ts';
import { openProbe } from './probe-run.ts';
import type { ProbeRun } from './probe-run.ts';
import type { LayerOption } from './types.ts';

export class CombinedDamage {
  readonly #model: Model;
  readonly #how: { readonly target: TargetId; readonly samples: number; readonly metric: 'kl' | 'nsr' };
  readonly #context: SearchContext;
  #probe: ProbeRun | undefined;

  constructor(
    model: Model,
    how: { readonly target: TargetId; readonly samples: number; readonly metric: 'kl' | 'nsr' },
    context: SearchContext,
  ) {
    this.#model = model;
    this.#how = how;
    this.#context = context;
  }

  async of(choice: Readonly<Record<string, LayerOption>>): Promise<number> {
    const { target, samples, metric } = this.#how;
    this.#probe ??= await openProbe(this.#model, { metric, samples }, this.#context);
    const weights = new Map<string, Float32Array>();
    const precisions = new Set(Object.values(choice).map(weightPrecision));
    precisions.delete('fp32');
    for (const precision of precisions) {
      const layers = Object.keys(choice).filter((layer) => weightPrecision(choice[layer]) === precision);
      const how = { params: {}, target };
      const made = await makeCandidates(this.#model, precision as LayerOption, how, this.#context, 0);
      for (const layer of layers) {
        const floats = made.floats(layer);
        if (floats !== undefined) weights.set(layer, floats);
      }
    }
    const { damage } = await this.#probe.try({ weights }, () =>
      this.#context.checkpoint(0, 'trying layers together'),
    );
    return damage;
  }

  async release(): Promise<void> {
    await this.#probe?.release();
    this.#probe = undefined;
  }
}
