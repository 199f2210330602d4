/** Which mistakes became more or less frequent. */
import { useState } from 'react';
import type { ReactElement } from 'react';
import type { TaskComparison } from '../../../core/metrics/tasks/types.ts';
import { groupThousands, signed } from '../../ui/format.ts';
import { useClassNames } from './use-class-names.ts';

const FIRST = 10;
const MOST = 200;

export function ConfusionTable({
  changes,
}: {
  readonly changes: TaskComparison['confusionChange'];
}): ReactElement | null {
  const [all, setAll] = useState(false);
  const names = useClassNames();
  if (changes.length === 0) return null;
  const rows = changes.slice(0, all ? MOST : FIRST);
  return (
    <section aria-label="Confusions">
      <h3 className="tab-heading">Confusions that changed</h3>
      <p className="mute small">What is taken for what, and how often: in the original and in the variant.</p>
      <table className="table confusion">
        <thead>
          <tr>
            <th scope="col">Right answer</th>
            <th scope="col">Taken for</th>
            <th scope="col">Original</th>
            <th scope="col">Variant</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([truth, predicted, before, after]) => (
            <tr key={`${truth}/${predicted}`}>
              <th scope="row">{names.ofIndex(truth)}</th>
              <td>{names.ofIndex(predicted)}</td>
              <td>{groupThousands(before)}</td>
              <td>{groupThousands(after)}</td>
              <td className={truth === predicted ? '' : after > before ? 'tone-bad' : 'tone-good'}>
                {signed(after - before, 0)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {changes.length > FIRST ? (
        <button type="button" className="link small" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show ${Math.min(MOST, changes.length)}`}
        </button>
      ) : null}
    </section>
  );
}
