/** The whole window takes drops; while something hovers, an overlay says so. */
import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import { PareError } from '../../../core/errors.ts';
import { useApp } from '../../store/context.ts';
import { showError } from '../../store/notices.ts';
import { groupThousands } from '../../ui/format.ts';
import { MOST_DROPPED_FILES, readDrop } from '../../ui/read-drop.ts';
import { openPicked } from './open-picked.ts';

export function DropZone(): ReactElement | null {
  const context = useApp();
  const [hovering, setHovering] = useState(false);
  useEffect(() => {
    // Enter and leave fire for every element under the pointer; only their balance says whether we are left.
    let depth = 0;
    const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const enter = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      depth += 1;
      setHovering(true);
    };
    const leave = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setHovering(false);
    };
    const over = (event: DragEvent): void => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      depth = 0;
      setHovering(false);
      const transfer = event.dataTransfer;
      if (transfer === null) return;
      event.preventDefault();
      readDrop(transfer).then(
        ({ files, cut }) => {
          if (cut) {
            const rest = new PareError(
              'too-large',
              `The drop held more than ${groupThousands(MOST_DROPPED_FILES)} files; only the first were taken.`,
              { hint: 'Pack the folder as a zip: it is read as one file.' },
            );
            showError(context.store, rest.toRecord());
          }
          openPicked(context, files);
        },
        (error: unknown) => {
          const refused = new PareError(
            'not-a-file',
            `The browser could not read the drop (${String(error)}).`,
            {
              hint: 'Try the button "Open a model" instead.',
            },
          );
          showError(context.store, refused.toRecord());
        },
      );
    };
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('dragover', over);
      window.removeEventListener('drop', drop);
    };
  }, [context]);
  if (!hovering) return null;
  return (
    <div className="drop-overlay" aria-hidden="true">
      <div>Drop to open</div>
    </div>
  );
}
