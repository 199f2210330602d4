/** The points of the chart as a table: the alternative for screen readers, and for whoever likes numbers. */
import type { ReactElement } from 'react';
import type { Tradeoff } from '../../store/points.ts';
import type { CostAxis, GainAxis } from '../../store/state.ts';
import { costName, costText, gainName, gainText } from './axes.ts';

export function PointTable({
  tradeoff,
  cost,
  gain,
  onSelect,
}: {
  readonly tradeoff: Tradeoff;
  readonly cost: CostAxis;
  readonly gain: GainAxis;
  readonly onSelect: ((id: string) => void) | null;
}): ReactElement {
  const { points, ghost, metric } = tradeoff;
  return (
    <div className="point-table">
      <table className="table">
        <caption className="visually-hidden">
          Measured variants and the prediction for the present recipe
        </caption>
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col">{costName(cost)}</th>
            <th scope="col">{gainName(gain, metric)}</th>
            <th scope="col">On the front</th>
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.id} className={point.current ? 'selected' : ''}>
              <th scope="row">
                {onSelect === null || point.current ? (
                  point.title
                ) : (
                  <button type="button" className="link" onClick={() => onSelect(point.id)}>
                    {point.title}
                  </button>
                )}
                {point.current ? ' (on screen)' : ''}
              </th>
              <td>{costText(cost, point.cost)}</td>
              <td>{gainText(gain, point.gain, metric)}</td>
              <td>{point.onFront ? 'yes' : 'no'}</td>
            </tr>
          ))}
          {ghost === null ? null : (
            <tr className="mute">
              <th scope="row">present recipe, predicted</th>
              <td>{costText(cost, ghost.cost)}</td>
              <td>about {gainText(gain, ghost.gain, metric)}</td>
              <td>not measured yet</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
