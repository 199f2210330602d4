/** The latency lab: the model on screen on every provider and number of threads that this machine has. */
import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import { ORIGINAL } from '../../store/state.ts';
import { plural } from '../../ui/format.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { browserOf } from '../inspector/machine-line.ts';
import { fastestOf, labRows, labSentence } from './lab-rows.ts';
import type { LabRow } from './lab-rows.ts';
import './lab.css';

export function LabCard(): ReactElement {
  const { desk } = useApp();
  const lines = useAppState((state) => state.lab);
  const job = useAppState((state) => state.job);
  const shownId = useAppState((state) => state.currentId ?? ORIGINAL);
  const running = job?.kind === 'lab';
  const rows = useMemo(() => labRows(lines), [lines]);
  const other = !running && lines.length > 0 && lines[0]?.entryId !== shownId;
  return (
    <section className="card lab" aria-label="Latency lab">
      <h2 className="card-title">
        Latency lab<small>every way to run it here</small>
      </h2>
      <p className="mute small">
        Original and variant in turns, on each number of threads, and on WebGPU where the browser has it. More
        threads are not always faster.
      </p>
      {rows.length === 0 ? null : <LabTable rows={rows} />}
      {rows.length === 0 || running ? null : <p className="small">{labSentence(rows)}</p>}
      {other ? <p className="small tone-warn">Of another variant than the one on screen.</p> : null}
      {running ? <ProgressLine title={job.title} doing={job.doing} fraction={job.fraction} /> : null}
      <div className="row">
        <Button size="compact-sm" variant="default" disabled={running} onClick={() => void desk.runLab()}>
          Compare threads
        </Button>
      </div>
      <MachineLine />
    </section>
  );
}

function LabTable({ rows }: { readonly rows: readonly LabRow[] }): ReactElement {
  const fastest = fastestOf(rows);
  return (
    <div className="lab-scroll" tabIndex={0} role="region" aria-label="Latencies, scrollable">
      <table className="table lab-table">
        <thead>
          <tr>
            <th scope="col">Runs on</th>
            <th scope="col">p50</th>
            <th scope="col" className="lab-wide" title="Nine of ten runs take less">
              p90
            </th>
            <th scope="col" className="lab-wide" title="99 of 100 runs take less">
              p99
            </th>
            <th scope="col">Original / variant</th>
            <th scope="col" className="lab-wide">
              Load
            </th>
            <th scope="col" className="lab-wide">
              First run
            </th>
            <th scope="col" className="lab-wide">
              Noise
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.key} row={row} fastest={row === fastest} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, fastest }: { readonly row: LabRow; readonly fastest: boolean }): ReactElement {
  if (row.reason !== null) {
    return (
      <tr>
        <th scope="row">{row.name}</th>
        <td colSpan={7} className="mute small lab-reason">
          {row.reason}
        </td>
      </tr>
    );
  }
  const selected = fastest ? 'selected' : '';
  return (
    <>
      <tr className={selected}>
        <th scope="row">
          {row.name}
          {fastest ? <b className="lab-fastest"> fastest</b> : null}
        </th>
        <td>
          {row.medianText}
          <small
            className="lab-range mute"
            title={`95 % interval of the median of ${plural(row.runs, 'run')}`}
          >
            {row.intervalText}
          </small>
        </td>
        <td className="lab-wide">{row.p90}</td>
        <td className="lab-wide">{row.p99}</td>
        <td className={`tone-${row.tone}`}>
          {row.speedup}
          <small className="lab-range">{row.speedupRange}</small>
        </td>
        <td className="lab-wide">{row.load}</td>
        <td className="lab-wide">{row.firstRun}</td>
        <td className="lab-wide">{row.noise}</td>
      </tr>
      <tr className={`lab-narrow ${selected}`}>
        <td colSpan={3} className="mute">
          {[`p90 ${row.p90}`, `p99 ${row.p99}`, `load ${row.load}`, `first run ${row.firstRun}`, row.noise]
            .filter((part) => part !== '' && !part.endsWith('–'))
            .join(' · ')}
        </td>
      </tr>
    </>
  );
}

function MachineLine(): ReactElement | null {
  const machine = useAppState(
    (state) =>
      Object.values(state.entries).find(({ measurement }) => measurement !== null)?.measurement?.machine ??
      null,
  );
  if (machine === null) return null;
  return (
    <p className="mute lab-machine">
      {machine.runtime} · {browserOf(machine.userAgent)}, {plural(machine.cores, 'core')}
      {machine.crossOriginIsolated ? '' : ' · not cross-origin isolated: one thread only'}
    </p>
  );
}
