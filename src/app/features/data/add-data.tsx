/** The ways in for data: files or a zip, a folder. Dropping works everywhere in the window. */
import type { ReactElement } from 'react';
import { ADD_DATA_INPUT } from '../../actions/add-data.ts';
import { useApp } from '../../store/context.ts';
import { FileButton } from '../../ui/file-button.tsx';

export function AddData({ shown }: { readonly shown: string }): ReactElement {
  const { desk } = useApp();
  return (
    <FileButton
      id={ADD_DATA_INPUT}
      label="Add data"
      className="button-default"
      onFiles={(files) => void desk.addData(files)}
    >
      {shown}
    </FileButton>
  );
}

export function AddFolder(): ReactElement {
  const { desk } = useApp();
  return (
    <FileButton
      label="Add a folder of data"
      className="button-default"
      folder
      onFiles={(files) => void desk.addData(files)}
    >
      Folder
    </FileButton>
  );
}
