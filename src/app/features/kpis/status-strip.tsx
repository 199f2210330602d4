/** One line under the figures: the running job with its Cancel, or what the measured variant is worth. */
import { Button } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactElement } from 'react';
import { cancelAction } from '../../actions/cancel.ts';
import { measureAction } from '../../actions/measure-again.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { announce } from '../../store/notices.ts';
import { isSettled } from '../../store/state.ts';
import { overallVerdict } from '../../store/verdict.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { useAction } from '../shell/use-action.ts';
import { useCurrentEntry } from '../workspace/use-study.ts';

export function StatusStrip(): ReactElement {
  const job = useAppState((state) => state.job);
  const cancel = useAction(cancelAction);
  return (
    <div className="status card">
      {job === null ? (
        <Standing />
      ) : (
        <>
          <ProgressLine title={job.title} doing={job.doing} fraction={job.fraction} />
          <Button
            variant="default"
            size="compact-sm"
            onClick={cancel.run}
            aria-keyshortcuts={cancel.ariaKeys}
          >
            Cancel
          </Button>
        </>
      )}
    </div>
  );
}

function Standing(): ReactElement {
  const { store } = useApp();
  const current = useCurrentEntry();
  const options = useAppState((state) => state.options);
  const bytes = useAppState((state) => state.model?.bytes ?? 0);
  const failed = useAppState((state) => state.failed);
  const held = useAppState((state) => state.held);
  const measure = useAction(measureAction);
  const settled = current !== null && isSettled(current, options);
  const verdict = settled ? overallVerdict(current, bytes) : null;
  const said = verdict?.text;
  useEffect(() => {
    if (said !== undefined) announce(store, said);
  }, [store, said]);
  if (verdict !== null) {
    return (
      <p className="status-text">
        <span className={`status-dot dot-${verdict.tone}`} aria-hidden="true" />
        <span className={verdict.tone === 'bad' ? 'tone-bad' : ''}>{verdict.text}</span>
      </p>
    );
  }
  if (failed === null && held === null)
    return <p className="status-text mute">Waiting for the sliders to rest…</p>;
  return (
    <>
      <p className="status-text">
        {failed === null
          ? current === null
            ? 'Stopped. The figures above are predictions.'
            : 'Stopped. The variant is made, but not measured.'
          : `This recipe could not be made: ${failed.error.message}`}
      </p>
      <Button variant="default" size="compact-sm" disabled={!measure.enabled} onClick={measure.run}>
        {failed === null ? 'Measure it' : 'Try again'}
      </Button>
    </>
  );
}
