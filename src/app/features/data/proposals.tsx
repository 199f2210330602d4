/** How the data may be read: what was tried with the model, what it gave, and the way to take it. */
import { Button } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import type { DataConfig, Proposal } from '../../../core/dataset/types.ts';
import { useApp } from '../../store/context.ts';
import { formatPercent, groupThousands, plural } from '../../ui/format.ts';
import { configLines } from './describe.ts';
import { Problems } from './problems.tsx';

export function ProposalView({
  proposal,
  title,
  inUse,
  children,
}: {
  readonly proposal: Proposal;
  readonly title: string;
  readonly inUse: boolean;
  /** More buttons beside "Use this". */
  readonly children?: ReactNode;
}): ReactElement {
  return (
    <div className="proposal">
      <p>
        <b>{title}</b> {proposal.evidence}
      </p>
      {proposal.sure ? null : (
        <p className="small tone-warn">Not certain: look at the samples below before you use it.</p>
      )}
      <ConfigLines config={proposal.config} />
      <Problems problems={proposal.problems} />
      <div className="row">
        {inUse ? <span className="small tone-good">In use</span> : <UseThis config={proposal.config} />}
        {children}
      </div>
      <Attempts proposal={proposal} />
    </div>
  );
}

function UseThis({ config }: { readonly config: DataConfig }): ReactElement {
  const { desk } = useApp();
  return (
    <Button variant="filled" size="compact-sm" onClick={() => void desk.acceptData(config)}>
      Use this
    </Button>
  );
}

export function ConfigLines({ config }: { readonly config: DataConfig }): ReactElement {
  return (
    <dl className="config-lines">
      {configLines(config).map(({ name, text }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** More lines than this say nothing new; the best come first. */
const MOST_SHOWN = 12;

function Attempts({ proposal: { attempts, metric } }: { readonly proposal: Proposal }): ReactElement | null {
  if (attempts.length < 2) return null;
  return (
    <details className="fold">
      <summary>{plural(attempts.length, 'way')} tried</summary>
      <table className="table attempts">
        <thead>
          <tr>
            <th scope="col">Way</th>
            <th scope="col">{metric}</th>
            <th scope="col">n</th>
          </tr>
        </thead>
        <tbody>
          {attempts.slice(0, MOST_SHOWN).map(({ title, score, samples }, i) => (
            <tr key={`${title}-${i}`}>
              <th scope="row">{title}</th>
              <td>{formatPercent(score)}</td>
              <td>{groupThousands(samples)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
