/** Shows why there is no evaluation, or hands the one on screen to its child. */
import { useMemo } from 'react';
import type { ReactElement } from 'react';
import { useAppSlice } from '../../store/context.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { evaluationView } from './evaluation-view.ts';
import type { EvaluationView } from './evaluation-view.ts';
import './predictions.css';

export type ReadyEvaluation = Extract<EvaluationView, { state: 'ready' }>;

export function EvaluationGate({
  title,
  children,
}: {
  /** Above whatever is said where there is no evaluation; a card needs one. */
  readonly title?: string;
  readonly children: (ready: ReadyEvaluation) => ReactElement;
}): ReactElement {
  const view = useEvaluationView();
  const heading = title === undefined ? null : <h2 className="card-title">{title}</h2>;
  switch (view.state) {
    case 'none':
      return (
        <div className="gate">
          {heading}
          <p>{view.title}</p>
          <p className="mute small">{view.hint}</p>
        </div>
      );
    case 'working':
      return (
        <div className="gate">
          {heading}
          <ProgressLine title={view.title} doing="" fraction={view.fraction} />
        </div>
      );
    case 'failed':
      return (
        <div className="gate">
          {heading}
          <p className="tone-bad">The model could not be evaluated: {view.error.message}</p>
          {view.error.hint === undefined ? null : <p className="mute small">{view.error.hint}</p>}
        </div>
      );
    case 'ready':
      return children(view);
    default:
      return view satisfies never;
  }
}

function useEvaluationView(): EvaluationView {
  const input = useAppSlice(({ data, entries, currentId, lastId, job }) => ({
    data,
    entries,
    currentId,
    lastId,
    job,
  }));
  return useMemo(() => evaluationView(input), [input]);
}
