/** The same inputs through every runtime of this browser: a button, and the table that it fills. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { ParityRow } from '../../../core/doctor/types.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { ORIGINAL } from '../../store/state.ts';
import { formatDecibels, plural } from '../../ui/format.ts';
import { useGpu } from './use-gpu.ts';

export function Parity({ entryId }: { readonly entryId: string | null }): ReactElement {
  const { tuning } = useApp();
  const gpu = useGpu();
  const rows = useAppState((state) => (entryId === null ? undefined : state.parity[entryId]));
  const error = useAppState((state) => state.parityError);
  const busy = useAppState((state) => state.job?.kind === 'examine');
  if (gpu === 'none') {
    return (
      <p className="small mute">
        This browser gives the page no graphics processor (WebGPU), so there is nothing to compare the CPU’s
        results with.
      </p>
    );
  }
  const variant = entryId !== null && entryId !== ORIGINAL;
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        disabled={!variant || busy || gpu === 'asking'}
        title={variant ? undefined : 'Make a variant first'}
        onClick={() => {
          if (entryId !== null) void tuning.parity(entryId);
        }}
      >
        Compare CPU and GPU
      </Button>
      {error === null ? null : <p className="small tone-bad">{error.message}</p>}
      {rows === undefined ? null : <ParityTable rows={rows} />}
    </>
  );
}

function ParityTable({ rows }: { readonly rows: readonly ParityRow[] }): ReactElement {
  const samples = rows.find((row) => row.samples > 0)?.samples ?? 0;
  return (
    <div className="parity" tabIndex={0} role="region" aria-label="Runtimes compared, scrollable">
      <table className="table">
        <caption className="small mute">
          The same {plural(samples, 'input')} through each. Above 40 dB there is no difference to speak of,
          below 20 dB a lot (ratio of signal to difference, SQNR).
        </caption>
        <thead>
          <tr>
            <th scope="col">Compared</th>
            <th scope="col">Likeness</th>
            <th scope="col">Largest error</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.who} ${row.against}`}>
              <th scope="row">
                {row.who} <span className="mute">against {row.against}</span>
              </th>
              {row.failed === undefined ? (
                <>
                  <td>{row.sqnrDb === null ? '–' : formatDecibels(row.sqnrDb)}</td>
                  <td>
                    {row.maxError.toPrecision(3)}
                    {row.notFinite === 0 ? '' : `, ${plural(row.notFinite, 'value')} not finite`}
                  </td>
                </>
              ) : (
                <td colSpan={2} className="tone-bad">
                  {row.failed}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
