/** Every variant that was made, with where it came from; any of them can be brought back. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import { replaceRecipe } from '../../store/edits.ts';
import { recipeTitle } from '../../store/recipe-title.ts';
import { originalGain } from '../../store/points.ts';
import { ORIGINAL } from '../../store/state.ts';
import type { GainAxis, StudyEntry } from '../../store/state.ts';
import { formatBytes, formatFactor } from '../../ui/format.ts';
import { gainText } from '../tradeoff/axes.ts';
import { useEntries, useGain } from '../workspace/use-study.ts';
import './history.css';

export function HistoryTab(): ReactElement {
  const entries = useEntries();
  const currentId = useAppState((state) => state.currentId);
  const gain = useGain();
  const numbers = new Map(entries.map((entry) => [entry.id, entry.sequence]));
  return (
    <div className="history-scroll" tabIndex={0} role="region" aria-label="History, scrollable">
      <table className="table history">
        <thead>
          <tr>
            <th scope="col">#</th>
            <th scope="col">Recipe</th>
            <th scope="col">From</th>
            <th scope="col">Size</th>
            <th scope="col">Speed</th>
            <th scope="col">{gain === 'accuracy' ? 'Accuracy' : 'Agreement'}</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => {
            const parent = entry.parentId === null ? undefined : numbers.get(entry.parentId);
            return (
              <Row
                key={entry.id}
                entry={entry}
                current={entry.id === currentId}
                parent={parent === undefined ? '–' : `#${parent}`}
                quality={entry.id === ORIGINAL ? originalText(entries, gain) : qualityText(entry, gain)}
              />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function originalText(entries: readonly StudyEntry[], gain: GainAxis): string {
  const value = originalGain(entries, gain);
  if (value === null) return 'not measured';
  const metric = entries.find(({ evaluation }) => evaluation !== null)?.evaluation?.summary.main ?? null;
  return gain === 'accuracy' ? gainText(gain, value, metric) : value.toFixed(4);
}

function qualityText(entry: StudyEntry, gain: GainAxis): string {
  const { measurement, evaluation, evaluationFailure } = entry;
  if (gain === 'accuracy') {
    if (evaluation !== null) return gainText(gain, evaluation.summary.value, evaluation.summary.main);
    return evaluationFailure === null ? 'not evaluated yet' : 'not evaluated';
  }
  if (measurement === null) return entry.failure === null ? 'not measured yet' : 'not measured';
  return measurement.agreement === null ? 'not measured' : measurement.agreement.cosine.toFixed(4);
}

function Row({
  entry,
  current,
  parent,
  quality,
}: {
  readonly entry: StudyEntry;
  readonly current: boolean;
  readonly parent: string;
  readonly quality: string;
}): ReactElement {
  const { store, pipeline } = useApp();
  const title = entry.id === ORIGINAL ? 'original' : recipeTitle(entry.recipe);
  const latency = entry.measurement?.latency ?? null;
  return (
    <tr className={current ? 'selected' : ''} aria-current={current ? 'true' : undefined}>
      <td className="mute">{entry.sequence}</td>
      <th scope="row">{title}</th>
      <td className="mute">{parent}</td>
      <td>{formatBytes(entry.bytes)}</td>
      <td>{entry.id === ORIGINAL ? '1.00×' : latency === null ? '–' : formatFactor(latency.speedup)}</td>
      <td>{quality}</td>
      <td>
        <div className="history-actions">
          <Button
            variant="default"
            size="compact-xs"
            disabled={current}
            aria-label={`Restore ${title}`}
            onClick={() => replaceRecipe(store, entry.recipe)}
          >
            Restore
          </Button>
          {entry.id === ORIGINAL ? null : (
            <Button
              variant="default"
              size="compact-xs"
              disabled={current}
              aria-label={`Remove ${title}`}
              onClick={() => pipeline.removeEntry(entry.id)}
            >
              Remove
            </Button>
          )}
        </div>
      </td>
    </tr>
  );
}
