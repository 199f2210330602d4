/** The nodes of the drawing as a table, in the order in which they run. Only the rows in view exist. */
import { useMemo, useRef } from 'react';
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import { formatBytes } from '../../ui/format.ts';
import { useVirtualRows } from '../../ui/use-virtual-rows.ts';
import type { DrawnGraph, DrawnNode } from './drawn-graph.ts';
import { neighboursOf } from './navigate.ts';
import type { NodeFace } from './paint.ts';

const ROW_HEIGHT = 32;
/** More readers than these are counted. */
const MOST_NAMED = 2;

export function NodeList({
  graph,
  faces,
}: {
  readonly graph: DrawnGraph;
  readonly faces: readonly (NodeFace | undefined)[];
}): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const { indices, above, below } = useVirtualRows(scroller, {
    count: graph.nodes.length,
    rowHeight: ROW_HEIGHT,
    overscan: 20,
    initialHeight: 400,
  });
  const { after } = useMemo(() => neighboursOf(graph.layout), [graph]);
  return (
    <div className="layers-scroll" ref={scroller} tabIndex={0} role="region" aria-label="Nodes, scrollable">
      <table className="table graph-list" aria-rowcount={graph.nodes.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">Node</th>
            <th scope="col">Leads to</th>
            <th scope="col">Weights</th>
            <th scope="col">Colour</th>
          </tr>
        </thead>
        <tbody>
          {above > 0 ? <Spacer height={above} /> : null}
          {indices.map((index) => (
            <NodeRow
              key={index}
              node={graph.nodes[index]}
              index={index}
              next={after[index].map((n) => graph.nodes[n])}
              face={faces[index]}
            />
          ))}
          {below > 0 ? <Spacer height={below} /> : null}
        </tbody>
      </table>
    </div>
  );
}

function Spacer({ height }: { readonly height: number }): ReactElement {
  return (
    <tr aria-hidden="true" className="layers-spacer">
      <td colSpan={4} style={{ height }} />
    </tr>
  );
}

const textOf = ({ title, subtitle }: DrawnNode): string => (subtitle === '' ? title : `${title} ${subtitle}`);

function NodeRow({
  node,
  index,
  next,
  face,
}: {
  readonly node: DrawnNode;
  readonly index: number;
  readonly next: readonly DrawnNode[];
  readonly face: NodeFace | undefined;
}): ReactElement {
  const { store } = useApp();
  const layer = node.layers[0];
  const selected = useAppState((state) => layer !== undefined && state.view.layerId === layer);
  const named = next.slice(0, MOST_NAMED).map(textOf).join(', ');
  return (
    <tr aria-rowindex={index + 2} className={selected ? 'selected' : ''}>
      <th scope="row" title={node.name}>
        {layer === undefined ? (
          textOf(node)
        ) : (
          <button
            type="button"
            className="layer-select"
            aria-pressed={selected}
            onClick={() => store.setState((state) => ({ view: { ...state.view, layerId: layer } }))}
          >
            {textOf(node)}
          </button>
        )}
      </th>
      <td className="mute" title={next.map(textOf).join(', ')}>
        {next.length > MOST_NAMED ? `${named} and ${next.length - MOST_NAMED} more` : named}
      </td>
      <td>{node.weightBytes === 0 ? '' : `${formatBytes(node.weightBytes)} ${face?.badge ?? ''}`}</td>
      <td>{face?.heatText ?? ''}</td>
    </tr>
  );
}
