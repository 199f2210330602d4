/**
 * One figure: its value, where it comes from in words, and what it means against the original. Its accessible name and
 * its data attributes are read from outside the page and stay as they are; `label` is what is shown.
 */
import type { ReactElement, ReactNode } from 'react';

export interface KpiCardProps {
  /** The accessible name. */
  readonly name: string;
  /** What stands above the figure, where it differs from the name. */
  readonly label?: string;
  readonly value: number | null;
  readonly baseline: number | null;
  readonly unit: 'B' | 'ms' | 'fraction' | 'value' | 'mJ';
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
  /** Interval of the difference to the original and the samples it stands on; a range for an estimate. */
  readonly spread?: { readonly low?: number; readonly high?: number; readonly n?: number };
  /** Whether the goal's limits on this figure hold. */
  readonly goal?: ReactNode;
}

/** '0.39–5.1 mJ' is wider than a card at full size. */
const LONG = 8;

export function KpiCard(props: KpiCardProps): ReactElement {
  const { name, label, value, baseline, unit, source, shown, sourceWords, verdict, note, pending } = props;
  const look = pending ? 'kpi-pending' : source === null ? 'kpi-missing' : 'kpi-settled';
  return (
    <div
      className={`card kpi ${look}`}
      role="group"
      aria-label={name}
      data-unit={unit}
      data-value={value ?? undefined}
      data-baseline={baseline ?? undefined}
      data-source={source ?? undefined}
      data-low={props.spread?.low}
      data-high={props.spread?.high}
      data-n={props.spread?.n}
    >
      <div className="kpi-name">{label ?? name}</div>
      <div className={shown.length > LONG ? 'kpi-value kpi-long' : 'kpi-value'}>{shown}</div>
      {verdict === null ? null : (
        <div className={`kpi-verdict tone-${verdict.tone}`}>
          {verdict.text}
          {verdict.range === undefined ? null : (
            <>
              {' '}
              <span className="kpi-range">{verdict.range}</span>
            </>
          )}
        </div>
      )}
      {note === '' ? null : (
        <div className="kpi-note" title={note}>
          {note}
        </div>
      )}
      <div className="kpi-foot">
        <span className="kpi-source">{sourceWords}</span>
        {props.goal ?? null}
      </div>
    </div>
  );
}
