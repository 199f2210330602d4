/** Exact and near copies: looked for on request, shown in groups, left out by one click. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { DuplicateGroup } from '../../../core/dataset/types.ts';
import { findDuplicatesAction } from '../../actions/find-duplicates.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { groupThousands, plural } from '../../ui/format.ts';
import { useAction } from '../shell/use-action.ts';

const MOST_SHOWN = 20;

export function Copies(): ReactElement {
  const find = useAction(findDuplicatesAction);
  const report = useAppState((state) => state.data?.duplicates ?? null);
  // Where copies break the division, the way to put it right stands there.
  const divided = useAppState(
    (state) => state.data?.split?.problems.some(({ severity }) => severity === 'error') !== true,
  );
  return (
    <details className="fold" open={report !== null && report.total > 0}>
      <summary>Copies{report === null ? '' : `: ${plural(report.total, 'group')}`}</summary>
      {report === null ? (
        <p className="small mute">
          The same picture twice makes figures look surer than they are, and one half may be calibrated on.
        </p>
      ) : (
        <p className="small mute">
          {report.total === 0
            ? `No copies among ${plural(report.checked, 'sample')}.`
            : `${plural(report.total, 'group')} among ${plural(report.checked, 'sample')}.`}
        </p>
      )}
      {report === null ? null : (
        <ul className="copies">
          {report.groups.slice(0, MOST_SHOWN).map((group) => (
            <Group key={group.keys[0]} group={group} />
          ))}
          {report.total > MOST_SHOWN ? (
            <li className="mute">… {plural(report.total - MOST_SHOWN, 'more group')}</li>
          ) : null}
        </ul>
      )}
      <div className="row">
        {divided ? <LeaveOut /> : null}
        <Button variant="default" size="compact-sm" disabled={!find.enabled} onClick={find.run}>
          Check for copies
        </Button>
      </div>
    </details>
  );
}

/** Samples that were left out before are not counted again. */
export function LeaveOut(): ReactElement | null {
  const { desk } = useApp();
  const left = useAppState(({ data }) => {
    const report = data?.duplicates ?? null;
    const config = data?.config ?? null;
    if (report === null || config === null) return 0;
    const gone = new Set(config.exclude);
    return report.removable.filter((key) => !gone.has(key)).length;
  });
  if (left === 0) return null;
  return (
    <Button variant="filled" size="compact-sm" onClick={() => void desk.excludeDuplicates()}>
      Leave {plural(left, 'copy', 'copies')} out
    </Button>
  );
}

function Group({ group }: { readonly group: DuplicateGroup }): ReactElement {
  const [kept, ...copies] = group.keys;
  return (
    <li>
      <b>{group.kind}</b> {kept} = {copies.slice(0, 3).join(', ')}
      {copies.length > 3 ? ` and ${groupThousands(copies.length - 3)} more` : ''}
      {group.labelsDiffer ? <span className="tone-warn"> · labels differ</span> : null}
    </li>
  );
}
