/** A node of the drawing in words, for whoever hears it. Pure text. */
import { plural } from '../../ui/format.ts';
import type { DrawnGraph } from './drawn-graph.ts';
import type { NodeFace } from './paint.ts';

export function describeNode(graph: DrawnGraph, index: number, face: NodeFace | undefined): string {
  const node = graph.nodes[index];
  if (node === undefined) return '';
  const into = graph.layout.edges.filter(([, to]) => to === index).length;
  const out = graph.layout.edges.filter(([from]) => from === index).length;
  const parts = [node.subtitle === '' ? node.title : `${node.title} ${node.subtitle}`];
  if (face !== undefined && face.badge !== '') parts.push(face.badge);
  if (face !== undefined && face.heatText !== '') parts.push(face.heatText);
  if (node.kind === 'operator') {
    parts.push(`${plural(into, 'connection')} in, ${plural(out, 'connection')} out`);
  }
  return parts.join(', ');
}
