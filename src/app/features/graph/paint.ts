/**
 * Draws what is in view on a canvas: lines, boxes, and, where they can be read, words. It must not know events, workers
 * or where heat comes from.
 */
import { badgeKind, cssOf, inkOn, mixed } from './colours.ts';
import type { GraphColours } from './colours.ts';
import { shortened } from './drawn-graph.ts';
import type { DrawnGraph } from './drawn-graph.ts';
import type { Layout } from './layout-types.ts';
import type { SpatialIndex } from './spatial.ts';
import { visibleBox } from './viewport.ts';
import type { Size, Viewport } from './viewport.ts';

/** What a node shows of its layer; absent = nothing is known of it. */
export interface NodeFace {
  /** 0–1 on the heat scale; undefined = not measured. */
  readonly heat: number | undefined;
  readonly heatText: string;
  readonly badge: string;
}

export interface Scene {
  readonly graph: DrawnGraph;
  readonly layout: Layout;
  readonly index: SpatialIndex;
  readonly faces: readonly (NodeFace | undefined)[];
  readonly selected: ReadonlySet<number>;
  /** Has the keyboard's ring. */
  readonly focused: number;
  readonly ring: boolean;
  /** Under the pointer; −1 = none. */
  readonly hovered: number;
}

/** Below this letters are less than 5 px high. */
const WORDS_SCALE = 0.42;
const CORNER = 6;
const FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

export function paint(
  context: CanvasRenderingContext2D,
  scene: Scene,
  view: Viewport,
  screen: Size,
  pixelRatio: number,
  colours: GraphColours,
): void {
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.clearRect(0, 0, screen.width, screen.height);
  const { scale, left, top } = view;
  context.setTransform(pixelRatio * scale, 0, 0, pixelRatio * scale, pixelRatio * left, pixelRatio * top);
  const box = visibleBox(view, screen);
  paintEdges(context, scene, scene.index.edgesIn(box), scale, colours);
  for (const node of scene.index.nodesIn(box)) paintNode(context, scene, node, scale, colours);
}

function paintEdges(
  context: CanvasRenderingContext2D,
  { graph, layout, selected, focused, ring, hovered }: Scene,
  edges: readonly number[],
  scale: number,
  colours: GraphColours,
): void {
  const marked = (edge: number): boolean => {
    const [from, to] = graph.layout.edges[edge];
    const near = (node: number): boolean =>
      selected.has(node) || node === hovered || (ring && node === focused);
    return near(from) || near(to);
  };
  context.lineJoin = 'round';
  context.strokeStyle = colours.edge;
  context.lineWidth = Math.max(1.2, 0.7 / scale);
  context.beginPath();
  const strong: number[] = [];
  for (const edge of edges) {
    if (marked(edge)) strong.push(edge);
    else trace(context, layout.routes[edge]);
  }
  context.stroke();
  context.strokeStyle = colours.accent;
  context.lineWidth = Math.max(1.8, 1.2 / scale);
  context.beginPath();
  for (const edge of strong) trace(context, layout.routes[edge]);
  context.stroke();
  if (scale < WORDS_SCALE) return;
  context.fillStyle = colours.edge;
  for (const edge of edges) arrowHead(context, layout.routes[edge]);
}

/** Right-angled lines with rounded corners; a straight slanted one as a curve. */
function trace(context: CanvasRenderingContext2D, route: readonly number[]): void {
  const points = route.length / 2;
  if (points < 2) return;
  const [x0, y0] = route;
  context.moveTo(x0, y0);
  const [xn, yn] = [route[route.length - 2], route[route.length - 1]];
  if (points === 2) {
    const middle = (y0 + yn) / 2;
    context.bezierCurveTo(x0, middle, xn, middle, xn, yn);
    return;
  }
  for (let i = 1; i < points - 1; i++) {
    const [x, y, nx, ny] = route.slice(2 * i, 2 * i + 4);
    context.arcTo(x, y, nx, ny, CORNER);
  }
  context.lineTo(xn, yn);
}

function arrowHead(context: CanvasRenderingContext2D, route: readonly number[]): void {
  const end = route.length - 2;
  if (end < 2) return;
  const [x, y] = [route[end], route[end + 1]];
  // Lines end from above, or from the side where they were led around.
  const side = end >= 2 && Math.abs(route[end - 1] - y) < 0.5 ? Math.sign(route[end - 2] - x) : 0;
  context.beginPath();
  context.moveTo(x, y);
  if (side === 0) {
    context.lineTo(x - 3.2, y - 6);
    context.lineTo(x + 3.2, y - 6);
  } else {
    context.lineTo(x + side * 6, y - 3.2);
    context.lineTo(x + side * 6, y + 3.2);
  }
  context.fill();
}

function paintNode(
  context: CanvasRenderingContext2D,
  scene: Scene,
  index: number,
  scale: number,
  colours: GraphColours,
): void {
  const { graph, layout, faces } = scene;
  const node = graph.nodes[index];
  const { width, height } = graph.layout.sizes[index];
  const [x, y] = [layout.x[index], layout.y[index]];
  const face = faces[index];
  const rgb = face?.heat === undefined ? null : mixed(colours.heatLow, colours.heatHigh, face.heat);
  const chosen = scene.selected.has(index);
  context.fillStyle = rgb === null ? colours.panel : cssOf(rgb);
  context.strokeStyle = chosen || scene.hovered === index ? colours.accent : colours.line;
  context.lineWidth = chosen ? 2.5 : 1;
  context.beginPath();
  const radius = node.kind === 'operator' ? CORNER : height / 2;
  context.roundRect(x, y, width, height, radius);
  context.fill();
  context.stroke();
  if (scene.ring && scene.focused === index) {
    context.strokeStyle = colours.accent;
    context.lineWidth = Math.max(2, 2 / scale);
    context.beginPath();
    context.roundRect(x - 4, y - 4, width + 8, height + 8, radius + 4);
    context.stroke();
  }
  if (scale >= WORDS_SCALE)
    paintWords(context, scene, index, rgb === null ? colours.ink : inkOn(rgb), colours);
}

function paintWords(
  context: CanvasRenderingContext2D,
  { graph, layout, faces }: Scene,
  index: number,
  ink: string,
  colours: GraphColours,
): void {
  const { title, subtitle, kind } = graph.nodes[index];
  const { width, height } = graph.layout.sizes[index];
  const [x, y] = [layout.x[index], layout.y[index]];
  const face = faces[index];
  const characters = Math.floor((width - 18) / 6.2);
  context.textBaseline = 'middle';
  context.fillStyle = kind === 'operator' ? ink : colours.mute;
  context.font = `600 12px ${FONT}`;
  const badgeWidth =
    face === undefined || face.badge === '' ? 0 : paintBadge(context, face.badge, x + width, y, colours);
  context.fillStyle = kind === 'operator' ? ink : colours.mute;
  context.textAlign = subtitle === '' ? 'center' : 'left';
  const titleRoom = Math.max(3, characters - Math.ceil(badgeWidth / 6.2));
  const titleY = subtitle === '' ? y + height / 2 + 0.5 : y + 13.5;
  context.fillText(shortened(title, titleRoom), subtitle === '' ? x + width / 2 : x + 9, titleY);
  if (subtitle === '') return;
  context.font = `11px ${FONT}`;
  const heatText = face?.heatText ?? '';
  const heatWidth = heatText === '' ? 0 : context.measureText(heatText).width + 8;
  context.textAlign = 'left';
  context.fillText(
    shortened(subtitle, Math.max(3, characters - Math.ceil(heatWidth / 5.6))),
    x + 9,
    y + 29.5,
  );
  context.textAlign = 'right';
  if (heatText !== '') context.fillText(heatText, x + width - 8, y + 29.5);
}

/** Gives the width that it takes. */
function paintBadge(
  context: CanvasRenderingContext2D,
  text: string,
  right: number,
  top: number,
  colours: GraphColours,
): number {
  context.font = `600 9.5px ${FONT}`;
  const width = context.measureText(text).width + 9;
  context.fillStyle = colours.panel;
  context.strokeStyle = colours.badges[badgeKind(text)];
  context.lineWidth = 1.5;
  context.beginPath();
  context.roundRect(right - width - 6, top + 6, width, 14, 4);
  context.fill();
  context.stroke();
  context.fillStyle = colours.ink;
  context.textAlign = 'center';
  context.fillText(text, right - 6 - width / 2, top + 13.4);
  context.font = `600 12px ${FONT}`;
  return width + 4;
}
