/** Samples that could not be read or fed, each with its reason: they are in no figure. */
import { useState } from 'react';
import type { ReactElement } from 'react';
import type { FailedRecord } from '../../../core/metrics/tasks/types.ts';
import { groupThousands, plural } from '../../ui/format.ts';

const FIRST = 5;
const MOST = 200;

export function FailedList({ failed }: { readonly failed: readonly FailedRecord[] }): ReactElement | null {
  const [all, setAll] = useState(false);
  if (failed.length === 0) return null;
  const shown = failed.slice(0, all ? MOST : FIRST);
  return (
    <section aria-label="Left out">
      <h3 className="tab-heading">{plural(failed.length, 'sample')} could not be evaluated</h3>
      <p className="mute small">They are in none of the figures above.</p>
      <ul className="failed">
        {shown.map(({ index, key, reason }) => (
          <li key={index}>
            <b>{key}</b>: {reason}
          </li>
        ))}
      </ul>
      {failed.length > shown.length || all ? (
        <button type="button" className="link small" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show ${groupThousands(Math.min(MOST, failed.length))}`}
        </button>
      ) : null}
    </section>
  );
}
