/** All figures of the task side by side: original, variant, difference. */
import type { ReactElement } from 'react';
import type { TaskComparison, TaskSummary } from '../../../core/metrics/tasks/types.ts';
import {
  METRIC_ORDER,
  formatBetween,
  formatDifference,
  formatMetric,
  metricWords,
} from '../../store/metric-text.ts';

export function MetricsTable({
  baseline,
  summary,
  comparison,
}: {
  readonly baseline: TaskSummary;
  readonly summary: TaskSummary;
  readonly comparison: TaskComparison | null;
}): ReactElement {
  const ids = METRIC_ORDER.filter(
    (id) => summary.metrics[id] !== undefined || baseline.metrics[id] !== undefined,
  );
  return (
    <table className="table metrics">
      <thead>
        <tr>
          <th scope="col">Figure</th>
          <th scope="col" className="number">
            Original
          </th>
          {comparison === null ? null : (
            <>
              <th scope="col" className="number">
                Variant
              </th>
              <th scope="col" className="number">
                Difference
              </th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {ids.map((id) => {
          const before = baseline.metrics[id] ?? Number.NaN;
          const after = summary.metrics[id] ?? Number.NaN;
          return (
            <tr key={id}>
              <th scope="row" title={metricWords(id).help}>
                {metricWords(id).name}
                <small className="mute metric-help">{metricWords(id).help}</small>
              </th>
              <td className="number">{formatMetric(id, before)}</td>
              {comparison === null ? null : (
                <>
                  <td className="number">{formatMetric(id, after)}</td>
                  <td className="number">
                    {formatDifference(id, after - before)}
                    {comparison.metric === id ? (
                      <small className="mute"> [{formatBetween(id, comparison.interval)}]</small>
                    ) : null}
                  </td>
                </>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
