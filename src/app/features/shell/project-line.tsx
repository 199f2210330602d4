/** Whether a reload brings everything back, in a line, and the way to forget it all. */
import type { ReactElement } from 'react';
import { closeProjectAction } from '../../actions/close-project.ts';
import { useAppState } from '../../store/context.ts';
import type { ProjectState } from '../../store/data-state.ts';
import { useAction } from './use-action.ts';

export function ProjectLine(): ReactElement {
  const project = useAppState((state) => state.project);
  const close = useAction(closeProjectAction);
  return (
    <div className="project-line">
      <span className={project.state === 'failed' ? 'tone-warn' : ''} title={titleOf(project)}>
        {wordsOf(project)}
      </span>
      <button type="button" className="link" disabled={!close.enabled} onClick={close.run}>
        {close.label}
      </button>
    </div>
  );
}

function wordsOf({ state, missing, error }: ProjectState): string {
  if (missing.length > 0) return 'A file must be chosen again';
  switch (state) {
    case 'off':
      return 'Not kept in this browser';
    case 'restoring':
      return 'Bringing the project back…';
    case 'saving':
      return 'Saving…';
    case 'saved':
      return 'Saved in this browser';
    case 'failed':
      return `Not saved: ${error?.message ?? 'the browser refused'}`;
    default:
      return state satisfies never;
  }
}

function titleOf({ state, error }: ProjectState): string | undefined {
  if (state === 'failed') return error?.hint ?? error?.message;
  return state === 'saved'
    ? 'Model, data description, recipe, variants and measurements come back after a reload. Nothing is uploaded.'
    : undefined;
}
