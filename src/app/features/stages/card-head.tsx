/** The head of a stage's card: its title, and at the right what the stage is good for. */
import type { ReactElement, ReactNode } from 'react';
import { Explain } from './explain.tsx';
import type { StageId } from './stages.ts';

export function CardHead({
  title,
  small,
  stage,
}: {
  readonly title: string;
  readonly small?: ReactNode;
  readonly stage: StageId;
}): ReactElement {
  return (
    <div className="card-head">
      <h2 className="card-title">
        {title}
        {small === undefined ? null : <small>{small}</small>}
      </h2>
      <Explain stage={stage} />
    </div>
  );
}
