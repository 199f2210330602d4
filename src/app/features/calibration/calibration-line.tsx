/**
 * What methods that look at data are shown, and a warning where that is made up. Says nothing while the recipe looks at
 * nothing.
 */
import type { ReactElement } from 'react';
import { looksAtData, needsData } from '../../../core/recipe/looks-at-data.ts';
import { setAsideSentence } from '../../store/calibrating.ts';
import { useAppState } from '../../store/context.ts';
import { recipeOf } from '../../store/state.ts';
import { WarnIcon } from '../../ui/icons.tsx';
import './calibration.css';

export function CalibrationLine(): ReactElement | null {
  const recipe = useAppState(recipeOf);
  const looks = looksAtData(recipe);
  const needs = needsData(recipe);
  const info = useAppState((state) => state.calibration);
  const error = useAppState((state) => state.calibrationError);
  const inUse = useAppState((state) => (state.data?.config ?? null) !== null);
  const counts = useAppState((state) => state.data?.split?.counts ?? null);
  if (!looks) return null;
  if (error !== null) {
    return (
      <p className="calibration small tone-bad">
        <WarnIcon /> The samples could not be looked at: {error.message} {error.hint ?? ''}
      </p>
    );
  }
  if (!inUse) return <MadeUp needs={needs} />;
  return (
    <div className="calibration small mute">
      <p>{info === null ? 'This recipe looks at samples of your data.' : `Looks at ${info.description}.`}</p>
      {counts === null || counts.calibration === 0 ? null : (
        <p>{setAsideSentence(counts.calibration, counts.evaluation)}</p>
      )}
    </div>
  );
}

function MadeUp({ needs }: { readonly needs: boolean }): ReactElement {
  if (!needs) {
    return (
      <p className="calibration small mute">
        Without data the weights are rounded one by one. With samples of your own they are rounded so that the
        outputs stay, which is much better at few bits.
      </p>
    );
  }
  return (
    <p className="calibration calibration-warning small" role="note">
      <WarnIcon /> There are no data, so made-up inputs stand in for them: the ranges may be wrong and the
      variant much worse on real inputs. Add data; some dozens of samples without labels are enough.
    </p>
  );
}

/** For figures and findings of a variant that was made with made-up inputs. */
export function MadeUpNote(): ReactElement | null {
  const madeUp = useAppState((state) => {
    const entry = state.currentId === null ? undefined : state.entries[state.currentId];
    return entry?.summary?.calibration?.origin === 'synthetic';
  });
  if (!madeUp) return null;
  return (
    <p className="status-line tone-warn">
      <WarnIcon /> Made with made-up inputs instead of samples: do not trust it before it was tried on real
      ones.
    </p>
  );
}
