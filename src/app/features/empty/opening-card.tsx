/** Progress of the first opening, with a way out. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { cancelAction } from '../../actions/cancel.ts';
import { useAppState } from '../../store/context.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { useAction } from '../shell/use-action.ts';

export function OpeningCard(): ReactElement | null {
  const job = useAppState((state) => state.job);
  const cancel = useAction(cancelAction);
  if (job === null) return null;
  return (
    <div className="empty-job">
      <ProgressLine title={job.title} doing={job.doing} fraction={job.fraction} />
      <Button variant="default" size="compact-sm" onClick={cancel.run}>
        Cancel
      </Button>
    </div>
  );
}
