/**
 * One figure: its value, where it comes from in words, and what it means against the original. Its data attributes
 * are read from outside the page and stay as they are.
 */
import type { ReactElement } from 'react';

export interface KpiCardProps {
  readonly name: string;
  readonly value: number | null;
  readonly baseline: number | null;
  readonly unit: 'B' | 'ms' | 'fraction';
  readonly source: 'measured' | 'predicted' | 'estimated' | null;
  /** What the big figure shows; a dash where there is none. */
  readonly shown: string;
  /** How it was obtained, in words. */
  readonly sourceWords: string;
  readonly verdict: {
    readonly tone: 'good' | 'bad' | 'neutral';
    readonly text: string;
    readonly range?: string;
  } | null;
  readonly note: string;
  readonly pending: boolean;
}

export function KpiCard(props: KpiCardProps): ReactElement {
  const { name, value, baseline, unit, source, shown, sourceWords, verdict, note, pending } = props;
  const look = pending ? 'kpi-pending' : source === null ? 'kpi-missing' : 'kpi-settled';
  return (
    <div
      className={`card kpi ${look}`}
      role="group"
      aria-label={name}
      data-unit={unit}
      {...(value === null ? {} : { 'data-value': value })}
      {...(baseline === null ? {} : { 'data-baseline': baseline })}
      {...(source === null ? {} : { 'data-source': source })}
    >
      <div className="kpi-head">
        <span className="kpi-name">{name}</span>
        <span className="kpi-source">{sourceWords}</span>
      </div>
      <div className="kpi-value">{shown}</div>
      {verdict === null ? null : (
        <div className={`kpi-verdict tone-${verdict.tone}`}>
          {verdict.text}
          {verdict.range === undefined ? null : <span className="kpi-range"> {verdict.range}</span>}
        </div>
      )}
      {note === '' ? null : (
        <div className="kpi-note" title={note}>
          {note}
        </div>
      )}
    </div>
  );
}
