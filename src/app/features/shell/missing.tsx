/** A file that this browser could not keep, or not open again: which, how large, and the way to choose it again. */
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import { FileButton } from '../../ui/file-button.tsx';
import { formatBytes } from '../../ui/format.ts';
import { WarnIcon } from '../../ui/icons.tsx';
import './missing.css';

export function Missing({ what }: { readonly what: 'model' | 'data' }): ReactElement | null {
  const context = useApp();
  const missing = useAppState((state) => state.project.missing.find((file) => file.what === what) ?? null);
  if (missing === null) return null;
  const { names, bytes, unopened = false } = missing;
  const first = names[0] ?? 'a file';
  const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
  const open = (files: Parameters<typeof context.desk.addData>[0]): void => {
    void (what === 'model' ? context.pipeline.open(files) : context.desk.addData(files));
  };
  return (
    <div className="missing">
      <p className="small">
        <WarnIcon /> <b>{first}</b>
        {more} ({formatBytes(bytes)}){' '}
        {unopened
          ? `${names.length > 1 ? 'are' : 'is'} kept in this browser, but could not be opened. Reload the page, or choose`
          : 'could not be kept in this browser. Choose'}{' '}
        {names.length > 1 ? 'them' : 'it'} again to go on where you were.
      </p>
      <div className="row">
        <FileButton label={`Choose ${first} again`} className="button-default" onFiles={open}>
          Choose again
        </FileButton>
        <FileButton
          label={`Choose the folder of ${first} again`}
          className="button-default"
          folder
          onFiles={open}
        >
          Folder
        </FileButton>
      </div>
    </div>
  );
}
