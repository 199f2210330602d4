/** The bar above the workspace: what is open, where it runs, undo and redo, the download. */
import { ActionIcon, Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { downloadAction } from '../../actions/download.ts';
import { OPEN_MODEL_INPUT } from '../../actions/open-model.ts';
import { paletteAction } from '../../actions/palette.ts';
import { redoAction } from '../../actions/redo.ts';
import { isApple } from '../../actions/shortcuts.ts';
import type { Action } from '../../actions/types.ts';
import { undoAction } from '../../actions/undo.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { FileButton } from '../../ui/file-button.tsx';
import { formatBytes, formatCount, groupThousands } from '../../ui/format.ts';
import { DownIcon, LockIcon, RedoIcon, UndoIcon } from '../../ui/icons.tsx';
import { Logo } from '../../ui/logo.tsx';
import { unitOf } from '../../store/metric-text.ts';
import { Explain } from '../stages/explain.tsx';
import { goToStage, stageTarget } from '../stages/go-to-stage.ts';
import { TargetOptions } from '../workspace/target-options.tsx';
import { usePrediction } from '../workspace/use-study.ts';
import { openPicked } from './open-picked.ts';
import { SchemeButton } from './scheme-button.tsx';
import { useAction } from './use-action.ts';

export function TopBar(): ReactElement {
  const palette = useAction(paletteAction);
  return (
    <header className="top-bar">
      <Logo />
      <ModelChip />
      <DataChip />
      <TargetOptions />
      <span className="grow" />
      <span
        className="chip top-promise"
        title="The page may reach no other server: its security policy forbids it."
      >
        <LockIcon /> Nothing leaves this tab
      </span>
      <IconAction action={undoAction} icon={<UndoIcon />} />
      <IconAction action={redoAction} icon={<RedoIcon />} />
      <SchemeButton />
      <Button
        variant="default"
        size="sm"
        className="top-palette"
        onClick={palette.run}
        title={palette.title}
        aria-label={`${palette.label}, ${isApple() ? '⌘K' : 'Ctrl K'}`}
        aria-keyshortcuts={palette.ariaKeys}
      >
        {isApple() ? '⌘K' : 'Ctrl K'}
      </Button>
      <Explain stage="export" />
      <DownloadButton className="top-download" />
    </header>
  );
}

function ModelChip(): ReactElement | null {
  const context = useApp();
  const model = useAppState((state) => state.model);
  if (model === null) return null;
  return (
    <>
      <span className="chip top-model" title={model.fileName}>
        <b>{model.fileName}</b>
        <span>
          · {formatBytes(model.bytes)} · {formatCount(model.parameters)} weights
        </span>
      </span>
      <FileButton
        id={OPEN_MODEL_INPUT}
        label="Open a model"
        className="chip top-open"
        onFiles={(files) => openPicked(context, files)}
      >
        Open…
      </FileButton>
    </>
  );
}

/** How many samples figures stand on; leads to their card. */
function DataChip(): ReactElement | null {
  const summary = useAppState((state) => state.data?.summary ?? null);
  if (summary === null) return null;
  const [one, many] = unitOf(summary.kind);
  return (
    <button type="button" className="chip top-data" title={summary.name} onClick={() => goToStage('data')}>
      <b>{groupThousands(summary.samples)}</b> {summary.samples === 1 ? one : many}
    </button>
  );
}

function IconAction({
  action,
  icon,
}: {
  readonly action: Action;
  readonly icon: ReactElement;
}): ReactElement {
  const { label, title, enabled, run, ariaKeys } = useAction(action);
  return (
    <ActionIcon
      variant="default"
      size={34}
      aria-label={label}
      title={title}
      aria-keyshortcuts={ariaKeys}
      disabled={!enabled}
      onClick={run}
    >
      {icon}
    </ActionIcon>
  );
}

/** Named after the size of what it saves; only what was made can be saved. */
export function DownloadButton({ className }: { readonly className: string }): ReactElement {
  const { enabled, run, title, ariaKeys } = useAction(downloadAction);
  const made = useAppState((state) =>
    state.currentId === null ? null : (state.entries[state.currentId]?.bytes ?? null),
  );
  const predicted = usePrediction();
  const bytes = made ?? predicted?.bytes ?? null;
  return (
    <Button
      variant="filled"
      className={className}
      data-stage={stageTarget('export')}
      disabled={!enabled}
      onClick={run}
      title={enabled ? title : 'The variant of this recipe is not made yet'}
      aria-keyshortcuts={ariaKeys}
      rightSection={<DownIcon />}
    >
      {bytes === null ? 'Download' : `Download ${formatBytes(bytes)}`}
    </Button>
  );
}
