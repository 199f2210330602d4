/**
 * What methods that look at data are shown: the calibration part of the user's set, which is set aside when the first of
 * them needs it, or made-up inputs. Told to the studio once for what it depends on. It must not know React or workers.
 */
import { samplesToSetAside } from '../../core/dataset/set-aside.ts';
import type { DataConfig } from '../../core/dataset/types.ts';
import type { Result } from '../../core/errors.ts';
import { DEFAULT_CALIBRATION_SAMPLES } from '../../core/recipe/types.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type { CalibrationInfo } from '../../worker/api.ts';
import { groupThousands, plural } from '../ui/format.ts';
import type { CallOptions, DataInUse, Studio } from '../bridge/studio.ts';
import type { DataState } from './data-state.ts';
import { dataInUse, samplesKey, withoutStale } from './entries.ts';
import { announce } from './notices.ts';
import type { AppStore } from './state.ts';

type Call = CallOptions & { readonly signal: AbortSignal };

interface Told {
  readonly modelId: string;
  readonly data: DataInUse | null;
  readonly samples: number;
}

export function samplesOf(recipe: Recipe): number {
  return recipe.calibration?.samples ?? DEFAULT_CALIBRATION_SAMPLES;
}

export class Calibrator {
  private readonly store: AppStore;
  private readonly studio: Studio;
  private told: Told | null = null;

  constructor(store: AppStore, studio: Studio) {
    this.store = store;
    this.studio = studio;
  }

  /** Sees to it that the studio has what `recipe` looks at; costs nothing where it was told the same last. */
  async ensure(recipe: Recipe, call: Call): Promise<Result<CalibrationInfo>> {
    const samples = samplesOf(recipe);
    await this.setAside(samples);
    const state = this.store.getState();
    if (call.signal.aborted || state.model === null) return ABORTED;
    const { modelId } = state.model;
    const wanted: Told = { modelId, data: dataInUse(state), samples };
    const { calibration } = state;
    if (calibration !== null && this.told !== null && same(this.told, wanted)) {
      return { ok: true, value: calibration };
    }
    const told = await this.studio.calibrate(modelId, wanted.data, samples, call);
    if (call.signal.aborted) return ABORTED;
    this.told = told.ok ? wanted : null;
    this.store.setState({
      calibration: told.ok ? told.value : null,
      calibrationError: told.ok ? null : told.error,
      calibratedWith: told.ok ? samplesKey(state) : null,
    });
    return told;
  }

  /** Once for a set: evaluation and calibration must not share a sample. */
  private async setAside(samples: number): Promise<void> {
    const { data } = this.store.getState();
    const config = data === null ? null : withCalibration(data, samples);
    if (data === null || config === null) return;
    this.store.setState((state) => {
      if (state.data === null) return {};
      // What the preview shows does not depend on the division.
      const previewed = state.data.previewed === data.config ? config : state.data.previewed;
      const next = { ...state.data, config, previewed, split: null };
      return { data: next, entries: withoutStale(state.entries, { ...state, data: next }) };
    });
    const { dataId } = data.summary;
    const split = await this.studio.checkData(dataId, config);
    if (!split.ok) return;
    this.store.setState(({ data: now }) =>
      now?.config === config ? { data: { ...now, split: split.value } } : {},
    );
    const { calibration, evaluation } = split.value.counts;
    announce(this.store, setAsideSentence(calibration, evaluation));
  }
}

export function setAsideSentence(calibration: number, evaluation: number): string {
  return `${plural(calibration, 'sample')} ${calibration === 1 ? 'is' : 'are'} set aside for methods to look at; accuracy is measured on the other ${groupThousands(evaluation)}.`;
}

/** Null where nothing has to be set aside: a part is there already, or too few samples to share. */
function withCalibration({ config, summary, split }: DataState, samples: number): DataConfig | null {
  if (config === null || config.split.calibration > 0) return null;
  const shared = split?.counts.evaluation ?? Math.max(0, summary.samples - config.exclude.length);
  const calibration = samplesToSetAside(shared, samples);
  return calibration === 0 ? null : { ...config, split: { ...config.split, calibration } };
}

function same(a: Told, b: Told): boolean {
  return (
    a.modelId === b.modelId &&
    a.samples === b.samples &&
    a.data?.dataId === b.data?.dataId &&
    a.data?.config === b.data?.config
  );
}

const ABORTED: Result<never> = {
  ok: false,
  error: { code: 'cancelled', message: 'The work was cancelled.' },
};
