/**
 * The drawing on its canvas while it is on screen: what is looked at, what the pointer and the keys do. It draws when
 * something changed, at most once a frame. It must not know React, the store or where a layout comes from.
 */
import { readColours } from './colours.ts';
import type { GraphColours } from './colours.ts';
import { neighboursOf, nextNode } from './navigate.ts';
import type { Direction, Neighbours } from './navigate.ts';
import { paint } from './paint.ts';
import type { NodeFace, Scene } from './paint.ts';
import { followPointers } from './pointers.ts';
import { spatialIndex } from './spatial.ts';
import { fitted, kept, moved, opening, revealing, zoomed } from './viewport.ts';
import type { Box, Size, Viewport } from './viewport.ts';
import type { DrawnGraph } from './drawn-graph.ts';
import type { Layout } from './layout-types.ts';

export interface GraphListener {
  /** The node was chosen, by pointer or Enter. */
  chosen(node: number): void;
  /** The keyboard went to the node. */
  focused(node: number): void;
}

const STEP = 1.25;
const PAN = 80;

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowDown: 'down',
  ArrowUp: 'up',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  Home: 'first',
  End: 'last',
};

export class GraphView {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #listener: GraphListener;
  readonly #ends: (() => void)[] = [];
  #scene: Scene | null = null;
  #neighbours: Neighbours | null = null;
  #view: Viewport = { scale: 1, left: 0, top: 0 };
  #screen: Size = { width: 0, height: 0 };
  #colours: GraphColours;
  #frame = 0;
  /** The view has been chosen for this drawing. */
  #opened = false;

  constructor(canvas: HTMLCanvasElement, listener: GraphListener) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    this.#listener = listener;
    this.#colours = readColours(this.#host());
    this.#watchSize();
    this.#watchScheme();
    this.#ends.push(
      followPointers(canvas, {
        drag: (dx, dy) => this.#look(moved(this.#view, dx, dy)),
        zoom: (factor, x, y) => this.#look(zoomed(this.#view, factor, x, y)),
        tap: (x, y) => this.#tap(x, y),
        hover: (x, y) => this.#hover(x, y),
      }),
    );
    this.#on('keydown', (event) => this.#key(event));
    this.#on('focus', () => this.#ring(this.#canvas.matches(':focus-visible')));
    this.#on('blur', () => this.#ring(false));
  }

  show(graph: DrawnGraph, layout: Layout): void {
    this.#scene = {
      graph,
      layout,
      index: spatialIndex(graph.layout, layout),
      faces: [],
      selected: new Set(),
      focused: 0,
      ring: false,
      hovered: -1,
    };
    this.#neighbours = neighboursOf(graph.layout);
    this.#opened = false;
    this.#open();
  }

  setFaces(faces: readonly (NodeFace | undefined)[]): void {
    this.#change({ faces });
  }

  /** Marks the nodes of a layer and brings the first of them into view, unless one is there. */
  select(nodes: readonly number[]): void {
    const scene = this.#scene;
    if (scene === null) return;
    const [first] = nodes;
    const moves = first !== undefined && !nodes.includes(scene.focused);
    this.#change({ selected: new Set(nodes), ...(moves ? { focused: first } : {}) });
    if (first !== undefined && this.#opened) this.reveal(moves ? first : scene.focused);
  }

  reveal(node: number): void {
    const scene = this.#scene;
    if (scene === null || scene.graph.nodes[node] === undefined) return;
    this.#look(revealing(this.#view, boxOf(scene, node), this.#screen));
  }

  zoom(direction: 'in' | 'out'): void {
    const { width, height } = this.#screen;
    this.#look(zoomed(this.#view, direction === 'in' ? STEP : 1 / STEP, width / 2, height / 2));
  }

  fit(): void {
    if (this.#scene !== null) this.#look(fitted(this.#scene.layout, this.#screen));
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    for (const end of this.#ends) end();
  }

  #host(): HTMLElement {
    return this.#canvas.parentElement ?? document.body;
  }

  #on<K extends keyof HTMLElementEventMap>(type: K, listen: (event: HTMLElementEventMap[K]) => void): void {
    this.#canvas.addEventListener(type, listen);
    this.#ends.push(() => this.#canvas.removeEventListener(type, listen));
  }

  #watchSize(): void {
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = this.#canvas;
      const ratio = window.devicePixelRatio;
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
      this.#screen = { width, height };
      this.#open();
      this.#draw();
    });
    observer.observe(this.#canvas);
    this.#ends.push(() => observer.disconnect());
  }

  #watchScheme(): void {
    const again = (): void => {
      this.#colours = readColours(this.#host());
      this.#draw();
    };
    const observer = new MutationObserver(again);
    observer.observe(document.documentElement, { attributes: true });
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', again);
    this.#ends.push(
      () => observer.disconnect(),
      () => dark.removeEventListener('change', again),
    );
  }

  /** The first look at a drawing: as soon as both the drawing and the room for it are known. */
  #open(): void {
    const scene = this.#scene;
    if (scene === null || this.#opened || this.#screen.width === 0) return;
    this.#opened = true;
    this.#view = opening(scene.layout, this.#screen, middleOf(scene));
    const [first] = scene.selected;
    if (first === undefined) this.#draw();
    else this.reveal(first);
  }

  #look(view: Viewport): void {
    if (this.#scene === null) return;
    this.#view = kept(view, this.#scene.layout, this.#screen);
    this.#draw();
  }

  #change(part: Partial<Scene>): void {
    if (this.#scene === null) return;
    this.#scene = { ...this.#scene, ...part };
    this.#draw();
  }

  #draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#scene === null || this.#context === null || this.#screen.width === 0) return;
      paint(this.#context, this.#scene, this.#view, this.#screen, window.devicePixelRatio, this.#colours);
    });
  }

  #nodeAt(x: number, y: number): number {
    const { scale, left, top } = this.#view;
    return this.#scene?.index.nodeAt((x - left) / scale, (y - top) / scale) ?? -1;
  }

  #tap(x: number, y: number): void {
    const node = this.#nodeAt(x, y);
    if (node < 0) return;
    this.#change({ focused: node });
    this.#listener.focused(node);
    this.#listener.chosen(node);
  }

  #hover(x: number, y: number): void {
    const hovered = this.#nodeAt(x, y);
    if (this.#scene === null || hovered === this.#scene.hovered) return;
    this.#canvas.classList.toggle('over-node', hovered >= 0);
    this.#change({ hovered });
  }

  #ring(ring: boolean): void {
    this.#change({ ring });
    if (ring && this.#scene !== null) this.#listener.focused(this.#scene.focused);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#acts(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** False for a key that means nothing here. */
  #acts({ key, shiftKey }: KeyboardEvent): boolean {
    const scene = this.#scene;
    if (scene === null || this.#neighbours === null) return false;
    const direction = DIRECTIONS[key];
    if (direction !== undefined) {
      if (shiftKey) return this.#pan(direction);
      const next = nextNode(scene.focused, direction, scene.graph.layout, scene.layout, this.#neighbours);
      this.#change({ focused: next, ring: true });
      this.reveal(next);
      this.#listener.focused(next);
      return true;
    }
    if (key === '+' || key === '=') this.zoom('in');
    else if (key === '-' || key === '_') this.zoom('out');
    else if (key === '0') this.fit();
    else if (key === 'Enter' || key === ' ') this.#listener.chosen(scene.focused);
    else return false;
    return true;
  }

  #pan(direction: Direction): boolean {
    const dx = direction === 'left' ? PAN : direction === 'right' ? -PAN : 0;
    const dy = direction === 'up' ? PAN : direction === 'down' ? -PAN : 0;
    if (dx === 0 && dy === 0) return false;
    this.#look(moved(this.#view, dx, dy));
    return true;
  }
}

function boxOf({ graph, layout }: Scene, node: number): Box {
  return { x: layout.x[node], y: layout.y[node], ...graph.layout.sizes[node] };
}

/** Of what stands at the top. */
function middleOf({ graph, layout }: Scene): number {
  const width = graph.layout.sizes[0]?.width ?? 0;
  return (layout.x[0] ?? 0) + width / 2;
}
