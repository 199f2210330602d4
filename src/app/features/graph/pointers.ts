/** What mouse, pen and fingers do on an element: drag, pinch, wheel, tap, hover. It must not know what is there. */

export interface PointerListener {
  drag(dx: number, dy: number): void;
  /** @param x, y place inside the element that should stay where it is */
  zoom(factor: number, x: number, y: number): void;
  tap(x: number, y: number): void;
  hover(x: number, y: number): void;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** A hand does not hold a mouse still: a tap may move this far. */
const TAP_PIXELS = 4;
const LINE_PIXELS = 16;
/** e^(−0.0016 · 100): one notch of a wheel is 15 %. Pinching on a trackpad comes as a wheel with Ctrl and small steps. */
const WHEEL_RATE = 0.0016;
const PINCH_RATE = 0.01;

/** Gives what ends it. */
export function followPointers(element: HTMLElement, listener: PointerListener): () => void {
  const down = new Map<number, Place>();
  let travelled = 0;
  const placeOf = ({ clientX, clientY }: MouseEvent): Place => {
    const { left, top } = element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const pointerDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    if (down.size === 0) travelled = 0;
    down.set(event.pointerId, placeOf(event));
  };
  const pointerMove = (event: PointerEvent): void => {
    const place = placeOf(event);
    const before = down.get(event.pointerId);
    if (before === undefined) {
      listener.hover(place.x, place.y);
      return;
    }
    travelled += Math.abs(place.x - before.x) + Math.abs(place.y - before.y);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    down.set(event.pointerId, place);
    if (other === undefined) {
      if (travelled > TAP_PIXELS) listener.drag(place.x - before.x, place.y - before.y);
    } else pinch(before, place, other);
  };
  /** One finger of two moved: the distance scales, the middle moves. */
  const pinch = (before: Place, now: Place, other: Place): void => {
    const from = Math.hypot(before.x - other.x, before.y - other.y);
    const to = Math.hypot(now.x - other.x, now.y - other.y);
    if (from > 0) listener.zoom(to / from, (now.x + other.x) / 2, (now.y + other.y) / 2);
    listener.drag((now.x - before.x) / 2, (now.y - before.y) / 2);
  };
  const pointerUp = (event: PointerEvent): void => {
    const known = down.delete(event.pointerId);
    if (!known || event.type !== 'pointerup' || down.size > 0 || travelled > TAP_PIXELS) return;
    const place = placeOf(event);
    listener.tap(place.x, place.y);
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PIXELS : 1);
    const place = placeOf(event);
    listener.zoom(Math.exp(-pixels * (event.ctrlKey ? PINCH_RATE : WHEEL_RATE)), place.x, place.y);
  };
  const leave = (): void => listener.hover(-1e9, -1e9);
  const listeners = [
    ['pointerdown', pointerDown],
    ['pointermove', pointerMove],
    ['pointerup', pointerUp],
    ['pointercancel', pointerUp],
    ['pointerleave', leave],
  ] as const;
  for (const [type, listen] of listeners) element.addEventListener(type, listen as EventListener);
  element.addEventListener('wheel', wheel, { passive: false });
  return () => {
    for (const [type, listen] of listeners) element.removeEventListener(type, listen as EventListener);
    element.removeEventListener('wheel', wheel);
  };
}
