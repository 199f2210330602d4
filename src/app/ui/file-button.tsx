/** A button that is a file input. Several files, or with `folder` a whole folder, come back with their paths. */
import type { ChangeEvent, ReactElement, ReactNode } from 'react';

export interface PickedFile {
  readonly path: string;
  readonly file: File;
}

export function FileButton({
  id,
  label,
  className,
  children,
  folder = false,
  multiple = true,
  accept,
  onFiles,
}: {
  readonly id?: string;
  /** The accessible name, shown or not. */
  readonly label: string;
  readonly className: string;
  readonly children?: ReactNode;
  readonly folder?: boolean;
  readonly multiple?: boolean;
  readonly accept?: string;
  readonly onFiles: (files: readonly PickedFile[]) => void;
}): ReactElement {
  const pick = (event: ChangeEvent<HTMLInputElement>): void => {
    const input = event.currentTarget;
    const files = [...(input.files ?? [])].map((file) => ({
      path: file.webkitRelativePath || file.name,
      file,
    }));
    // Emptied so that the same file can be chosen again after it was refused.
    input.value = '';
    if (files.length > 0) onFiles(files);
  };
  return (
    <span className={`file-button ${className}`}>
      <span aria-hidden="true">{children ?? label}</span>
      <input
        id={id}
        type="file"
        aria-label={label}
        multiple={multiple}
        accept={accept}
        onChange={pick}
        {...(folder ? { webkitdirectory: '' } : {})}
      />
    </span>
  );
}
