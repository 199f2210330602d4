/** What was found wrong, sentence by sentence. Nothing is dropped without a line here. */
import type { ReactElement } from 'react';
import type { DataProblem } from '../../../core/dataset/types.ts';
import { CrossIcon, OpenIcon, WarnIcon } from '../../ui/icons.tsx';
import { groupThousands } from '../../ui/format.ts';

const ORDER: readonly DataProblem['severity'][] = ['error', 'warning', 'note'];

export function Problems({ problems }: { readonly problems: readonly DataProblem[] }): ReactElement | null {
  if (problems.length === 0) return null;
  const sorted = ORDER.flatMap((severity) => problems.filter((problem) => problem.severity === severity));
  return (
    <ul className="problems">
      {sorted.map((problem, i) => (
        <li
          key={`${problem.code}-${i}`}
          className={`problem problem-${problem.severity}`}
          data-code={problem.code}
        >
          <span className="problem-mark">
            {iconOf(problem.severity)}
            <b>{problem.severity}</b>
            {problem.count > 1 ? <span className="mute">× {groupThousands(problem.count)}</span> : null}
          </span>
          <span>{problem.message}</span>
          {problem.examples.length === 0 ? null : (
            <span className="problem-examples mute">
              {problem.examples.slice(0, 3).join(', ')}
              {problem.count > Math.min(3, problem.examples.length) ? ' …' : ''}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function iconOf(severity: DataProblem['severity']): ReactElement {
  switch (severity) {
    case 'error':
      return <CrossIcon />;
    case 'warning':
      return <WarnIcon />;
    case 'note':
      return <OpenIcon />;
    default:
      return severity satisfies never;
  }
}
