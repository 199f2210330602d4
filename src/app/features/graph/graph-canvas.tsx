/** The drawing as a component: a canvas that keys can walk through, its buttons, and what is under the ring in words. */
import { useEffect, useId, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import { plural } from '../../ui/format.ts';
import type { DrawnGraph } from './drawn-graph.ts';
import { GraphButtons } from './graph-buttons.tsx';
import { GraphView } from './graph-view.ts';
import type { Layout } from './layout-types.ts';
import { describeNode } from './node-text.ts';
import type { NodeFace } from './paint.ts';

const NONE: readonly number[] = [];

export function GraphCanvas({
  graph,
  layout,
  faces,
}: {
  readonly graph: DrawnGraph;
  readonly layout: Layout;
  readonly faces: readonly (NodeFace | undefined)[];
}): ReactElement {
  const { store } = useApp();
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<GraphView | null>(null);
  const helpId = useId();
  const [focused, setFocused] = useState<number | null>(null);
  const layerId = useAppState((state) => state.view.layerId);

  useEffect(() => {
    if (canvas.current === null) return undefined;
    const made = new GraphView(canvas.current, {
      chosen: (node) => {
        const layer = graph.nodes[node]?.layers[0];
        if (layer !== undefined) store.setState((state) => ({ view: { ...state.view, layerId: layer } }));
      },
      focused: setFocused,
    });
    made.show(graph, layout);
    view.current = made;
    return () => {
      view.current = null;
      made.dispose();
    };
  }, [graph, layout, store]);
  // After the one above: a new drawing gets its colours and its chosen layer too.
  useEffect(() => view.current?.setFaces(faces), [faces, graph, layout]);
  useEffect(() => {
    view.current?.select(layerId === null ? NONE : (graph.nodesOfLayer.get(layerId) ?? NONE));
  }, [layerId, graph, layout]);

  return (
    <div className="graph-frame">
      <canvas
        ref={canvas}
        className="graph-canvas"
        tabIndex={0}
        role="application"
        aria-label={`Graph, ${plural(graph.nodes.length, 'node')}`}
        aria-describedby={helpId}
        data-nodes={graph.nodes.length}
      />
      <GraphButtons onZoom={(direction) => view.current?.zoom(direction)} onFit={() => view.current?.fit()} />
      <p id={helpId} className="visually-hidden">
        Arrow keys follow the connections, Home and End go to the first and the last node, Enter chooses the
        layer, plus and minus zoom, zero shows all, Shift with an arrow moves the drawing. The same nodes are
        there as a list.
      </p>
      <p className="visually-hidden" role="status">
        {focused === null ? '' : describeNode(graph, focused, faces[focused])}
      </p>
    </div>
  );
}
