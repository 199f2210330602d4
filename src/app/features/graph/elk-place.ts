/**
 * One part of a graph placed by elkjs: layered, from top to bottom, with right-angled lines. The library's terms stay
 * in this file. It must not know parts, workers or drawings.
 * Source: https://eclipse.dev/elk/reference/algorithms/org-eclipse-elk-layered.html
 */
import type { ELK, ElkNode } from 'elkjs';
import type { PlacePart } from './layout-types.ts';
import { NODE_GAP, ROW_GAP } from './simple-layout.ts';

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.padding': '[top=0,left=0,bottom=0,right=0]',
  'elk.spacing.nodeNode': String(NODE_GAP),
  'elk.layered.spacing.nodeNodeBetweenLayers': String(ROW_GAP),
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '10',
  // The mean of four extreme placements: a block's branches stand evenly around its middle line. Without it a chain of
  // blocks drifts sideways (12,000 px over 1,000 nodes).
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
  'elk.layered.considerModelOrder.strategy': 'PREFER_EDGES',
} as const;

export function elkPlacer(elk: Pick<ELK, 'layout'>): PlacePart {
  return async ({ sizes, edges }) => {
    const graph: ElkNode = {
      id: 'part',
      layoutOptions: OPTIONS,
      children: sizes.map(({ width, height }, i) => ({ id: `n${i}`, width, height })),
      edges: edges.map(([from, to], i) => ({ id: `e${i}`, sources: [`n${from}`], targets: [`n${to}`] })),
    };
    const placed = await elk.layout(graph);
    const children = placed.children ?? [];
    return {
      x: children.map(({ x = 0 }) => x),
      y: children.map(({ y = 0 }) => y),
      routes: (placed.edges ?? []).map(({ sections = [] }) =>
        sections.flatMap(({ startPoint, bendPoints = [], endPoint }) =>
          [startPoint, ...bendPoints, endPoint].flatMap(({ x, y }) => [x, y]),
        ),
      ),
      width: placed.width ?? 0,
      height: placed.height ?? 0,
    };
  };
}
