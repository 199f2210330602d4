/** Below the figures: the running job with its Cancel, or what the measured variant is worth and the way to measure anew. */
import { Button } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactElement } from 'react';
import { cancelAction } from '../../actions/cancel.ts';
import { measureAction } from '../../actions/measure-again.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { announce } from '../../store/notices.ts';
import { isSettled } from '../../store/state.ts';
import { overallVerdict } from '../../store/verdict.ts';
import { WarnIcon } from '../../ui/icons.tsx';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { MadeUpNote } from '../calibration/calibration-line.tsx';
import { useAction } from '../shell/use-action.ts';
import { Explain } from '../stages/explain.tsx';
import { SlowerNote } from '../tune/slower-note.tsx';
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
      <Explain stage="compare" />
    </div>
  );
}

function Standing(): ReactElement {
  const { store } = useApp();
  const current = useCurrentEntry();
  const options = useAppState((state) => state.options);
  const bytes = useAppState((state) => state.model?.bytes ?? 0);
  const measure = useAction(measureAction);
  const settled = current !== null && isSettled(current, options);
  const verdict = settled ? overallVerdict(current, bytes) : null;
  const said = verdict?.text;
  useEffect(() => {
    if (said !== undefined) announce(store, said);
  }, [store, said]);
  return (
    <>
      <div className="status-words">
        {verdict === null ? (
          <Waiting />
        ) : (
          <p className="status-text">
            <span className={`status-dot dot-${verdict.tone}`} aria-hidden="true" />
            <span className={verdict.tone === 'bad' ? 'tone-bad' : ''}>{verdict.text}</span>
          </p>
        )}
        <OnTheData />
        <SlowerNote />
        <MadeUpNote />
      </div>
      <Button
        variant="default"
        size="compact-sm"
        disabled={!measure.enabled}
        onClick={measure.run}
        title={measure.title}
        aria-keyshortcuts={measure.ariaKeys}
      >
        Measure
      </Button>
    </>
  );
}

function Waiting(): ReactElement {
  const current = useCurrentEntry();
  const failed = useAppState((state) => state.failed);
  const held = useAppState((state) => state.held);
  if (failed !== null) {
    return <p className="status-text">{`This recipe could not be made: ${failed.error.message}`}</p>;
  }
  if (held === null) return <p className="status-text mute">Waiting for the sliders to rest…</p>;
  return (
    <p className="status-text">
      {current === null
        ? 'Stopped. The figures above are predictions.'
        : 'Stopped. The variant is made, but not measured.'}
    </p>
  );
}

/** The paired difference in a sentence, and a warning where the set is too small for the question. */
function OnTheData(): ReactElement | null {
  const current = useCurrentEntry();
  if (current === null) return null;
  const { evaluation, evaluationFailure } = current;
  if (evaluation === null) {
    if (evaluationFailure === null || evaluationFailure.code === 'cancelled') return null;
    return <p className="status-line tone-bad">Your data: {evaluationFailure.message}</p>;
  }
  const { comparison, summary } = evaluation;
  const failed = summary.failed.length;
  const tooFew = comparison?.tooFew ?? null;
  if (comparison === null && failed === 0) return null;
  return (
    <>
      {comparison === null ? null : <p className="status-line">{comparison.sentence}</p>}
      {tooFew === null ? null : (
        <p className="status-line tone-warn">
          <WarnIcon /> {tooFew}
        </p>
      )}
      {failed === 0 ? null : (
        <p className="status-line tone-warn">
          <WarnIcon /> {failed} {failed === 1 ? 'sample' : 'samples'} could not be evaluated:{' '}
          {summary.failed[0]?.reason}
        </p>
      )}
    </>
  );
}
