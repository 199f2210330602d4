/**
 * The nodes of a drawing: what is written on each and how large it is. Inputs, operators and outputs in one list whose
 * indices are topological. It must not know places or colours.
 */
import type { GraphOutline, LayerSummary } from '../../../worker/api.ts';
import type { LayoutGraph } from './layout-types.ts';

export interface DrawnNode {
  readonly kind: 'input' | 'output' | 'operator';
  /** 'Conv 3×3', 'Relu', 'input'. */
  readonly title: string;
  /** Name of its layer or of the value; empty for an operator without weights. */
  readonly subtitle: string;
  /** Name of the operator in the file, in full. */
  readonly name: string;
  /** Weight layers that it reads, in the order of its inputs. */
  readonly layers: readonly string[];
  readonly weightBytes: number;
}

export interface DrawnGraph {
  readonly nodes: readonly DrawnNode[];
  readonly layout: LayoutGraph;
  /** By edge: the values that it stands for. */
  readonly values: readonly (readonly string[])[];
  readonly nodesOfLayer: ReadonlyMap<string, readonly number[]>;
}

const WITH_LAYER_HEIGHT = 42;
const PLAIN_HEIGHT = 26;
/** Widths come in steps, so that equal blocks with longer and shorter names are the same part for the layout. */
const WIDTH_STEP = 24;
const MOST_CHARACTERS = 34;
const CHARACTER_WIDTH = 6.6;
/** Room beside the title for the badge that names the precision, and beside the name for the number. */
const BADGE_CHARACTERS = 9;
const NUMBER_CHARACTERS = 8;

export function drawnGraph(outline: GraphOutline, layers: readonly LayerSummary[]): DrawnGraph {
  const byId = new Map(layers.map((layer) => [layer.id, layer]));
  const nodes: DrawnNode[] = outline.inputs.map((name) => endNode('input', name));
  const first = nodes.length;
  for (const node of outline.nodes) nodes.push(operatorNode(node, byId));
  const firstOutput = nodes.length;
  for (const name of outline.outputs) nodes.push(endNode('output', name));

  const inputs = new Map(outline.inputs.map((name, i) => [name, i]));
  const outputs = new Map(outline.outputs.map((name, i) => [name, firstOutput + i]));
  // Two values between the same nodes are one line.
  const values = new Map<string, { readonly edge: readonly [number, number]; readonly values: string[] }>();
  for (const { from, to, value } of outline.edges) {
    const start = from < 0 ? inputs.get(value) : first + from;
    const end = to < 0 ? outputs.get(value) : first + to;
    if (start === undefined || end === undefined) continue;
    const key = `${start}>${end}`;
    const known = values.get(key);
    if (known === undefined) values.set(key, { edge: [start, end], values: [value] });
    else known.values.push(value);
  }
  const lines = [...values.values()];
  const nodesOfLayer = new Map<string, number[]>();
  nodes.forEach(({ layers: ids }, index) => {
    for (const id of ids) nodesOfLayer.set(id, [...(nodesOfLayer.get(id) ?? []), index]);
  });
  return {
    nodes,
    layout: { sizes: nodes.map(sizeOf), edges: lines.map(({ edge }) => edge) },
    values: lines.map((line) => line.values),
    nodesOfLayer,
  };
}

function endNode(kind: 'input' | 'output', name: string): DrawnNode {
  return { kind, title: kind, subtitle: name, name, layers: [], weightBytes: 0 };
}

function operatorNode(
  { opType, name, layers, weightBytes }: GraphOutline['nodes'][number],
  byId: ReadonlyMap<string, LayerSummary>,
): DrawnNode {
  const layer = layers.length > 0 ? byId.get(layers[0]) : undefined;
  return {
    kind: 'operator',
    title: layer === undefined || layers.length > 1 ? opType : layer.op,
    subtitle: layers.length > 1 ? `${layers.length} weights` : (layer?.label ?? ''),
    name,
    layers,
    weightBytes,
  };
}

function sizeOf({ title, subtitle, layers }: DrawnNode): { width: number; height: number } {
  const titleLength = title.length + (layers.length > 0 ? BADGE_CHARACTERS : 0);
  const nameLength = subtitle.length + (layers.length > 0 ? NUMBER_CHARACTERS : 0);
  const characters = Math.min(MOST_CHARACTERS, Math.max(titleLength, nameLength));
  const width = Math.ceil((characters * CHARACTER_WIDTH + 20) / WIDTH_STEP) * WIDTH_STEP;
  return { width: Math.max(72, width), height: subtitle === '' ? PLAIN_HEIGHT : WITH_LAYER_HEIGHT };
}

/** At most `most` characters, the middle left out: names of layers differ at their ends. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  if (most <= 1) return '…';
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}
