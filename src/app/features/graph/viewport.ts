/** Where one looks at the drawing: a scale and a shift. Pure arithmetic; it must not know screens or events. */

export interface Viewport {
  /** Screen pixels a drawing pixel. */
  readonly scale: number;
  /** Screen place of the drawing's upper left corner. */
  readonly left: number;
  readonly top: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

export const LARGEST_SCALE = 2.5;
/** A drawing of 200,000 pixels still fits a small screen. */
const SMALLEST_SCALE = 0.002;
const MARGIN = 16;
/** So much of the drawing stays in view whatever one does. */
const KEEP = 40;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** The whole drawing, not enlarged. */
export function fitted(drawing: Size, screen: Size): Viewport {
  const scale = clamp(
    Math.min(
      (screen.width - 2 * MARGIN) / Math.max(1, drawing.width),
      (screen.height - 2 * MARGIN) / Math.max(1, drawing.height),
    ),
    SMALLEST_SCALE,
    1,
  );
  return {
    scale,
    left: (screen.width - drawing.width * scale) / 2,
    top: (screen.height - drawing.height * scale) / 2,
  };
}

/** Readable: the whole width where letters stay large enough, from the top. */
export function opening(drawing: Size, screen: Size, middle: number): Viewport {
  const whole = fitted(drawing, screen);
  const scale = clamp(
    Math.max(whole.scale, (screen.width - 2 * MARGIN) / Math.max(1, drawing.width)),
    0.6,
    1,
  );
  if (whole.scale >= scale) return whole;
  return kept({ scale, left: screen.width / 2 - middle * scale, top: MARGIN }, drawing, screen);
}

/** @param x, y the screen place that stays where it is */
export function zoomed(view: Viewport, factor: number, x: number, y: number): Viewport {
  const scale = clamp(view.scale * factor, SMALLEST_SCALE, LARGEST_SCALE);
  const real = scale / view.scale;
  return { scale, left: x - (x - view.left) * real, top: y - (y - view.top) * real };
}

export function moved(view: Viewport, dx: number, dy: number): Viewport {
  return { ...view, left: view.left + dx, top: view.top + dy };
}

/** The drawing can be pushed to the edge, not out of sight. */
export function kept(view: Viewport, drawing: Size, screen: Size): Viewport {
  const width = drawing.width * view.scale;
  const height = drawing.height * view.scale;
  return {
    ...view,
    left: clamp(view.left, KEEP - width, screen.width - KEEP),
    top: clamp(view.top, KEEP - height, screen.height - KEEP),
  };
}

/** Letters cannot be read below. */
const UNREADABLE = 0.45;
const READABLE = 0.8;

/** Moves as little as is needed to bring the box into view, with some room around it. What is too small to read is enlarged and put in the middle. */
export function revealing(view: Viewport, box: Box, screen: Size): Viewport {
  if (view.scale < UNREADABLE) {
    return {
      scale: READABLE,
      left: screen.width / 2 - (box.x + box.width / 2) * READABLE,
      top: screen.height / 2 - (box.y + box.height / 2) * READABLE,
    };
  }
  const room = Math.min(56, screen.width / 6, screen.height / 6);
  const left = box.x * view.scale + view.left;
  const top = box.y * view.scale + view.top;
  return moved(
    view,
    needed(left, box.width * view.scale, screen.width, room),
    needed(top, box.height * view.scale, screen.height, room),
  );
}

function needed(start: number, length: number, screen: number, room: number): number {
  if (start < room) return room - start;
  const over = start + length - (screen - room);
  return over > 0 ? -over : 0;
}

/** The part of the drawing that is on screen. */
export function visibleBox({ scale, left, top }: Viewport, screen: Size): Box {
  return { x: -left / scale, y: -top / scale, width: screen.width / scale, height: screen.height / scale };
}
