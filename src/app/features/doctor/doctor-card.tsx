/** Hazards of what is on screen, found before it is downloaded: what, where, why it matters, what to do. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { DoctorReport, Finding } from '../../../core/doctor/types.ts';
import { targetOf } from '../../../core/targets/registry.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { ORIGINAL } from '../../store/state.ts';
import { plural } from '../../ui/format.ts';
import { CheckIcon, CrossIcon, OpenIcon, WarnIcon } from '../../ui/icons.tsx';
import { Parity } from './parity.tsx';
import './doctor.css';

export function DoctorCard(): ReactElement {
  const { tuning } = useApp();
  const entryId = useAppState((state) => state.currentId);
  const shownId = useAppState((state) => state.currentId ?? state.lastId ?? ORIGINAL);
  const report = useAppState((state) => state.doctor[shownId] ?? null);
  const error = useAppState((state) => state.doctorError);
  const running = useAppState((state) => state.job?.kind === 'examine');
  return (
    <section className="card doctor" aria-label="Hazards">
      <h2 className="card-title">
        Hazards
        <small>{report === null ? 'before you download' : `for ${targetOf(report.target).label}`}</small>
      </h2>
      {error === null ? null : <p className="small tone-bad">{error.message}</p>}
      {report === null ? (
        <p className="mute small">Looked for once the figures are there.</p>
      ) : (
        <Report report={report} />
      )}
      {entryId === null && report !== null ? (
        <p className="small tone-warn">Of the variant before: the recipe on screen is newer.</p>
      ) : null}
      <div className="row">
        <Button
          size="compact-sm"
          variant="default"
          disabled={running || entryId === null}
          onClick={() => {
            if (entryId !== null) void tuning.examine(entryId);
          }}
        >
          Look again
        </Button>
        <Parity entryId={entryId} />
      </div>
    </section>
  );
}

const SEVERITIES: readonly (readonly [Finding['severity'], (count: number) => string])[] = [
  ['error', (count) => plural(count, 'error')],
  ['warning', (count) => plural(count, 'warning')],
  ['note', (count) => plural(count, 'note')],
];

function Report({ report }: { readonly report: DoctorReport }): ReactElement {
  const { findings, checked, notChecked } = report;
  return (
    <>
      {findings.length === 0 ? (
        <p className="small">
          <span className="tone-good">
            <CheckIcon />
          </span>{' '}
          Nothing was found in {plural(checked.length, 'check')}.
        </p>
      ) : (
        SEVERITIES.map(([severity, words]) => {
          const found = findings.filter((finding) => finding.severity === severity);
          if (found.length === 0) return null;
          return (
            <div key={severity}>
              <h3 className="doctor-group">{words(found.length)}</h3>
              <ul className="findings">
                {found.map((finding, i) => (
                  <FindingItem key={i} finding={finding} />
                ))}
              </ul>
            </div>
          );
        })
      )}
      <details className="fold">
        <summary>
          {plural(checked.length, 'check')} made, {notChecked.length} not
        </summary>
        <ul className="checks">
          {checked.map((what) => (
            <li key={what} className="small">
              <CheckIcon /> {what}
            </li>
          ))}
          {notChecked.map(({ what, reason }) => (
            <li key={what} className="small mute">
              <OpenIcon /> {what}: {reason}
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

function FindingItem({ finding }: { readonly finding: Finding }): ReactElement {
  const { severity, what, where, more, why, fix, source } = finding;
  return (
    <li className="finding">
      <details open={severity === 'error' || undefined}>
        <summary>
          <span className={TONES[severity]}>{severity === 'error' ? <CrossIcon /> : <WarnIcon />}</span>
          <span>
            {what} <small className="mute">{source}</small>
          </span>
        </summary>
        <dl>
          {where.length === 0 ? null : (
            <>
              <dt>Where</dt>
              <dd className="finding-where">
                {where.join(', ')}
                {more > 0 ? ` and ${more} more` : ''}
              </dd>
            </>
          )}
          <dt>Why it matters</dt>
          <dd>{why}</dd>
          <dt>What to do</dt>
          <dd>{fix}</dd>
        </dl>
      </details>
    </li>
  );
}

const TONES: Readonly<Record<Finding['severity'], string>> = {
  error: 'tone-bad',
  warning: 'tone-warn',
  note: 'tone-neutral',
};
