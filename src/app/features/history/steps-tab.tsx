/** What each step did to the variant on screen, in full: facts, layers left alone and why, time, kernels. */
import type { ReactElement } from 'react';
import type { SkippedLayer } from '../../../core/passes/types.ts';
import type { VariantSummary } from '../../../worker/api.ts';
import { factLines } from '../../store/facts.ts';
import { metaOf } from '../../store/pass-names.ts';
import { formatMillis, plural } from '../../ui/format.ts';
import { useCurrentEntry } from '../workspace/use-study.ts';
import './history.css';

export function StepsTab(): ReactElement {
  const entry = useCurrentEntry();
  const summary = entry?.summary ?? null;
  return (
    <div className="steps-report" tabIndex={0} role="region" aria-label="Steps, scrollable">
      {summary === null ? (
        <p className="mute small panel-text">
          {entry === null
            ? 'The variant of this recipe is not made yet.'
            : 'The original: nothing was done to it.'}
        </p>
      ) : (
        <Report summary={summary} />
      )}
    </div>
  );
}

function Report({ summary }: { readonly summary: VariantSummary }): ReactElement {
  const kernels = Object.entries(summary.kernels);
  return (
    <>
      {summary.steps.map((step, index) => (
        <section key={`${step.pass}-${index}`}>
          <h3>
            {metaOf(step.pass)?.label ?? step.pass}
            <small>
              {plural(step.changed.length, 'layer')} changed in {formatMillis(step.millis)}
            </small>
          </h3>
          <ul>
            {factLines(step.facts).map((line) => (
              <li key={line}>{line}</li>
            ))}
            {byReason(step.skipped).map(([reason, count]) => (
              <li key={reason}>
                {plural(count, 'layer')} left alone: {reason}
              </li>
            ))}
          </ul>
        </section>
      ))}
      <p className="mute small panel-text">
        Made in {formatMillis(summary.millis)}
        {kernels.length === 0
          ? ''
          : ` · ${kernels.map(([kernel, backend]) => `${kernel}: ${backend}`).join(' · ')}`}
      </p>
    </>
  );
}

function byReason(skipped: readonly SkippedLayer[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
