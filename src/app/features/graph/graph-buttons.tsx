/** Buttons of the drawing; the keys do the same. It must not know the drawing. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';

export function GraphButtons({
  onZoom,
  onFit,
}: {
  readonly onZoom: (direction: 'in' | 'out') => void;
  readonly onFit: () => void;
}): ReactElement {
  return (
    <div className="graph-buttons" role="group" aria-label="Zoom">
      <Button size="compact-sm" variant="default" aria-label="Zoom in" onClick={() => onZoom('in')}>
        +
      </Button>
      <Button size="compact-sm" variant="default" aria-label="Zoom out" onClick={() => onZoom('out')}>
        −
      </Button>
      <Button size="compact-sm" variant="default" onClick={onFit}>
        Fit
      </Button>
    </div>
  );
}
