/** The layers that the taken recipe left in more bits than it could have, and why. */
import type { ReactElement } from 'react';
import { useAppState } from '../../store/context.ts';
import type { AutoTrial } from '../../store/tuning-state.ts';
import { plural } from '../../ui/format.ts';

/** More fold away. */
const SHOWN = 3;

type Kept = readonly { readonly layer: string; readonly option: string; readonly reason: string }[];

export function KeptLayers({ trials }: { readonly trials: readonly AutoTrial[] }): ReactElement | null {
  const taken = trials.find(({ state }) => state === 'taken')?.candidate ?? -1;
  const kept = useAppState((state) => state.tune?.candidates[taken]?.kept);
  if (kept === undefined || kept.length === 0) return null;
  const rest = kept.slice(SHOWN);
  return (
    <div className="kept">
      <p className="small">
        <b>{plural(kept.length, 'layer')} kept in more bits:</b>
      </p>
      <KeptList kept={kept.slice(0, SHOWN)} />
      {rest.length === 0 ? null : (
        <details className="fold">
          <summary>{plural(rest.length, 'more layer')}</summary>
          <KeptList kept={rest} />
        </details>
      )}
    </div>
  );
}

function KeptList({ kept }: { readonly kept: Kept }): ReactElement {
  return (
    <ul className="kept-list">
      {kept.map(({ layer, option, reason }) => (
        <li key={layer} className="small">
          <b>{layer}</b> {option}: <span className="mute">{reason}</span>
        </li>
      ))}
    </ul>
  );
}
