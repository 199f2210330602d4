/** The fullest and the emptiest classes as bars, and what that means. */
import type { ReactElement } from 'react';
import type { ClassCount } from '../../../core/dataset/types.ts';
import { groupThousands, plural } from '../../ui/format.ts';
import { balanceOf, balanceSentence } from './balance.ts';

export function BalanceChart({ classes }: { readonly classes: readonly ClassCount[] }): ReactElement | null {
  const balance = balanceOf(classes);
  if (balance === null) return null;
  return (
    <details className="fold">
      <summary>Balance of {plural(classes.length, 'class', 'classes')}</summary>
      <p className="small mute">{balanceSentence(balance, classes.length)}</p>
      <ul className="balance">
        {balance.top.map((one) => (
          <Bar key={one.name} one={one} most={balance.most} />
        ))}
        {balance.between === 0 ? null : (
          <li className="mute small">… {plural(balance.between, 'class', 'classes')} between …</li>
        )}
        {balance.tail.map((one) => (
          <Bar key={one.name} one={one} most={balance.most} />
        ))}
      </ul>
    </details>
  );
}

function Bar({ one, most }: { readonly one: ClassCount; readonly most: number }): ReactElement {
  const name = one.title ?? one.name;
  return (
    <li className="balance-row">
      <span className="balance-name" title={name}>
        {name}
      </span>
      <span className="balance-track" aria-hidden="true">
        <i style={{ width: `${(one.count / Math.max(1, most)) * 100}%` }} />
      </span>
      <span>{groupThousands(one.count)}</span>
    </li>
  );
}
