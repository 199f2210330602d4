/** How the samples are divided, and what is wrong with that, with the way to put it right. */
import type { ReactElement } from 'react';
import { findDuplicatesAction } from '../../actions/find-duplicates.ts';
import { useAppState } from '../../store/context.ts';
import { groupThousands } from '../../ui/format.ts';
import { useAction } from '../shell/use-action.ts';
import { LeaveOut } from './copies.tsx';
import { Problems } from './problems.tsx';

export function Division(): ReactElement | null {
  const split = useAppState((state) => state.data?.split ?? null);
  const looked = useAppState((state) => (state.data?.duplicates ?? null) !== null);
  const find = useAction(findDuplicatesAction);
  if (split === null) return null;
  const { counts, excluded, problems } = split;
  const wrong = problems.some(({ severity }) => severity === 'error');
  return (
    <div className="division">
      <dl className="division-counts">
        <div>
          <dt>evaluated</dt>
          <dd>{groupThousands(counts.evaluation)}</dd>
        </div>
        <div>
          <dt>calibration</dt>
          <dd>{groupThousands(counts.calibration)}</dd>
        </div>
        <div>
          <dt>held back</dt>
          <dd>{groupThousands(counts['hold-back'])}</dd>
        </div>
        {excluded === 0 ? null : (
          <div>
            <dt>left out</dt>
            <dd>{groupThousands(excluded)}</dd>
          </div>
        )}
      </dl>
      <Problems problems={problems} />
      {wrong ? (
        <div className="row">
          {looked ? (
            <LeaveOut />
          ) : (
            <button type="button" className="link small" disabled={!find.enabled} onClick={find.run}>
              Look for copies to put it right
            </button>
          )}
        </div>
      ) : null}
    </div>
  );
}
