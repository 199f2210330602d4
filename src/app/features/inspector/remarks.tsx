/** What a reader of the figures must know: what was not measured and why, what the file is like, which machine it was. */
import type { ReactElement } from 'react';
import { useAppState } from '../../store/context.ts';
import { ORIGINAL } from '../../store/state.ts';
import type { StudyEntry } from '../../store/state.ts';
import { formatShape, plural } from '../../ui/format.ts';
import { CardHead } from '../stages/card-head.tsx';
import { stageTarget } from '../stages/go-to-stage.ts';
import { useCurrentEntry } from '../workspace/use-study.ts';
import { machineLine } from './machine-line.ts';

const NAMES = { latency: 'Latency', agreement: 'Agreement', memory: 'Memory' } as const;

export function Remarks(): ReactElement {
  return (
    <>
      <AboutModel />
      <section className="card remarks" aria-label="Remarks">
        <NotMeasured />
        <Machine />
      </section>
    </>
  );
}

function NotMeasured(): ReactElement | null {
  const entry = useCurrentEntry();
  const items = notMeasuredOf(entry);
  return (
    <>
      <h2 className="card-title">What was not measured</h2>
      {items.length === 0 ? (
        <p className="mute small">
          {entry?.measurement === null || entry === null
            ? 'Nothing is measured yet for this recipe.'
            : 'First-load time over a network, and any other device than this one. Energy is estimated.'}
        </p>
      ) : (
        <ul className="remark-list">
          {items.map(({ what, reason }) => (
            <li key={what}>
              <b>{what}</b>: {reason}
            </li>
          ))}
          <li className="mute">
            First-load time over a network, and any other device than this one. Energy is estimated.
          </li>
        </ul>
      )}
    </>
  );
}

/** One reason often explains several gaps: 'Latency, agreement: …'. */
function notMeasuredOf(entry: StudyEntry | null): readonly { what: string; reason: string }[] {
  if (entry === null) return [];
  if (entry.failure !== null) return [{ what: 'This model', reason: entry.failure.message }];
  const byReason = new Map<string, string>();
  for (const { what, reason } of entry.measurement?.notMeasured ?? []) {
    const before = byReason.get(reason);
    byReason.set(reason, before === undefined ? NAMES[what] : `${before}, ${NAMES[what].toLowerCase()}`);
  }
  return [...byReason].map(([reason, what]) => ({ what, reason }));
}

function AboutModel(): ReactElement | null {
  const model = useAppState((state) => state.model);
  if (model === null) return null;
  return (
    <section className="card model-card" aria-label="Model" data-stage={stageTarget('model')} tabIndex={-1}>
      <CardHead title="Model" small={model.fileName} stage="model" />
      <ul className="remark-list">
        <li>
          {plural(model.nodes, 'node')}, opset {model.opset}, IR {model.irVersion}
          {model.producer === '' ? '' : `, by ${model.producer}`}
          {model.externalData ? ', with external data' : ''}
        </li>
        {model.inputs.map(({ name, shape, dataType }) => (
          <li key={name}>
            in <b>{name}</b>: {dataType}{' '}
            {formatShape(shape === null ? null : shape.map((size) => size ?? '?'))}
          </li>
        ))}
        {model.outputs.map(({ name, shape, dataType }) => (
          <li key={name}>
            out <b>{name}</b>: {dataType}{' '}
            {formatShape(shape === null ? null : shape.map((size) => size ?? '?'))}
          </li>
        ))}
        {model.remarks.map((remark) => (
          <li key={remark}>{remark}</li>
        ))}
      </ul>
    </section>
  );
}

function Machine(): ReactElement | null {
  const current = useCurrentEntry();
  const original = useAppState((state) => state.entries[ORIGINAL] ?? null);
  const measurement = current?.measurement ?? original?.measurement ?? null;
  if (measurement === null) return null;
  return <p className="machine mute">{machineLine(measurement)}</p>;
}
