/** The rows of a long table that are in view, and the room that the others would take. It must not know what a row shows. */
import { useVirtualizer } from '@tanstack/react-virtual';
import type { RefObject } from 'react';

export interface VirtualRows {
  /** Positions of the rows to draw, in order. */
  readonly indices: readonly number[];
  /** Pixels before the first and after the last of them. */
  readonly above: number;
  readonly below: number;
}

export interface VirtualRowsOptions {
  readonly count: number;
  readonly rowHeight: number;
  /** Rows that are drawn beyond either edge. */
  readonly overscan: number;
  /** Of the scroller, until it has been laid out. */
  readonly initialHeight: number;
}

export function useVirtualRows(
  scroller: RefObject<HTMLElement | null>,
  { count, rowHeight, overscan, initialHeight }: VirtualRowsOptions,
): VirtualRows {
  // The compiler cannot memoize a hook whose methods give another answer at each render. These are called here, during
  // the render that they are for, and what leaves this hook is plain numbers.
  // eslint-disable-next-line react-hooks/incompatible-library -- as said above
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan,
    initialRect: { width: 700, height: initialHeight },
  });
  const items = virtual.getVirtualItems();
  return {
    indices: items.map(({ index }) => index),
    above: items[0]?.start ?? 0,
    below: virtual.getTotalSize() - (items.at(-1)?.end ?? 0),
  };
}
