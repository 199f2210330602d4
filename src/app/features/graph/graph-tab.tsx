/** The graph of the original or of the variant on screen: drawn, or as a list; coloured by what one wants to know. */
import { SegmentedControl } from '@mantine/core';
import { useDeferredValue, useEffect, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import type { GraphOutline, LayerSummary } from '../../../worker/api.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { layerRows } from '../../store/layers.ts';
import { ORIGINAL, recipeOf } from '../../store/state.ts';
import { formatMillis, groupThousands, plural } from '../../ui/format.ts';
import { optionHelp, optionName, optionsOf, shownOption } from '../sensitivity/heat-scale.ts';
import { drawnGraph } from './drawn-graph.ts';
import type { DrawnGraph } from './drawn-graph.ts';
import { MEASURES, facesOf } from './faces.ts';
import type { Measure } from './faces.ts';
import { GraphCanvas } from './graph-canvas.tsx';
import { layOutInWorker } from './layout-client.ts';
import type { LaidOut } from './layout-client.ts';
import { NodeList } from './node-list.tsx';
import './graph.css';

const NO_LAYERS: readonly LayerSummary[] = [];

export function GraphTab(): ReactElement {
  const current = useAppState((state) => state.currentId ?? state.lastId ?? ORIGINAL);
  const [whose, setWhose] = useState<'variant' | 'original'>('variant');
  const entryId = whose === 'original' ? ORIGINAL : current;
  const outline = useOutline(entryId);
  const error = useAppState((state) => state.outlineError);
  const layers = useAppState((state) => state.model?.layers ?? NO_LAYERS);
  const graph = useMemo(() => (outline === null ? null : drawnGraph(outline, layers)), [outline, layers]);
  if (error !== null && graph === null) {
    return <p className="small tone-warn panel-text">The graph cannot be drawn: {error.message}</p>;
  }
  if (graph === null) return <p className="mute small panel-text">Reading the graph…</p>;
  return (
    <Drawing
      key={entryId}
      graph={graph}
      entryId={entryId}
      whose={current === ORIGINAL ? null : whose}
      onWhose={setWhose}
    />
  );
}

function useOutline(entryId: string): GraphOutline | null {
  const { tuning } = useApp();
  const outline = useAppState((state) => state.outline[entryId] ?? null);
  useEffect(() => {
    if (outline === null) void tuning.loadOutline(entryId);
  }, [tuning, outline, entryId]);
  return outline;
}

function Drawing({
  graph,
  entryId,
  whose,
  onWhose,
}: {
  readonly graph: DrawnGraph;
  readonly entryId: string;
  /** Null: there is only the original. */
  readonly whose: 'variant' | 'original' | null;
  readonly onWhose: (whose: 'variant' | 'original') => void;
}): ReactElement {
  const [form, setForm] = useState<'drawing' | 'list'>('drawing');
  const laidOut = useLayout(graph);
  const { measure, setMeasure, faces } = useFaces(graph, entryId);
  return (
    <div className="graph-tab">
      <div className="graph-head">
        <MeasureChoice measure={measure} onMeasure={setMeasure} />
        {whose === null ? null : (
          <SegmentedControl
            size="xs"
            aria-label="Whose graph"
            value={whose}
            onChange={(value) => onWhose(value === 'original' ? 'original' : 'variant')}
            data={[
              { value: 'original', label: 'Original' },
              { value: 'variant', label: 'Variant' },
            ]}
          />
        )}
        <SegmentedControl
          size="xs"
          aria-label="Form"
          value={form}
          onChange={(value) => setForm(value === 'list' ? 'list' : 'drawing')}
          data={[
            { value: 'drawing', label: 'Drawing' },
            { value: 'list', label: 'List' },
          ]}
        />
      </div>
      {form === 'list' ? (
        <NodeList graph={graph} faces={faces} />
      ) : laidOut === null ? (
        <p className="mute small panel-text" role="status">
          Laying out {plural(graph.nodes.length, 'node')}…
        </p>
      ) : (
        <GraphCanvas graph={graph} layout={laidOut.layout} faces={faces} />
      )}
      <Foot graph={graph} laidOut={form === 'list' ? null : laidOut} />
    </div>
  );
}

function useLayout(graph: DrawnGraph): LaidOut | null {
  const [found, setFound] = useState<{ readonly graph: DrawnGraph; readonly laidOut: LaidOut } | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    void layOutInWorker(graph.layout, controller.signal).then((laidOut) => {
      if (!controller.signal.aborted) setFound({ graph, laidOut });
    });
    return () => controller.abort();
  }, [graph]);
  return found?.graph === graph ? found.laidOut : null;
}

function useFaces(graph: DrawnGraph, entryId: string) {
  const layers = useAppState((state) => state.model?.layers ?? NO_LAYERS);
  const recipe = useDeferredValue(useAppState(recipeOf));
  const summary = useAppState((state) => state.entries[entryId]?.summary ?? null);
  const profile = useAppState((state) => state.profiles[entryId] ?? null);
  const sensitivity = useAppState((state) => state.sensitivity);
  const heat = useAppState((state) => state.view.heat);
  const [chosen, setMeasure] = useState<Measure | null>(null);
  const measure =
    chosen ?? (sensitivity !== null ? 'sensitivity' : summary !== null ? 'error' : ('bytes' as const));
  const option = sensitivity === null ? null : shownOption(sensitivity, heat);
  const faces = useMemo(
    () => facesOf({ graph, rows: layerRows(layers, recipe, summary), measure, sensitivity, option, profile }),
    [graph, layers, recipe, summary, measure, sensitivity, option, profile],
  );
  return { measure, setMeasure, faces };
}

const MEASURE_NAMES: Readonly<Record<Measure, string>> = {
  sensitivity: 'Sensitivity',
  error: 'Error of weights',
  time: 'Time',
  bytes: 'Bytes',
};

/** Sensitivity is one entry for each option that was measured. What is not known yet cannot be chosen. */
function MeasureChoice({
  measure,
  onMeasure,
}: {
  readonly measure: Measure;
  readonly onMeasure: (measure: Measure) => void;
}): ReactElement {
  const { store } = useApp();
  const sensitivity = useAppState((state) => state.sensitivity);
  const heat = useAppState((state) => state.view.heat);
  const profiled = useAppState((state) => Object.keys(state.profiles).length > 0);
  const made = useAppState((state) => Object.keys(state.entries).length > 1);
  const options = sensitivity === null ? [] : optionsOf(sensitivity);
  const option = sensitivity === null ? null : shownOption(sensitivity, heat);
  const missing: Readonly<Record<Measure, string | null>> = {
    sensitivity: sensitivity === null ? 'not measured' : null,
    error: made ? null : 'nothing was changed',
    time: profiled ? null : 'not profiled',
    bytes: null,
  };
  return (
    <label className="graph-measure">
      <span className="small mute">Colour</span>
      <select
        className="select"
        value={measure === 'sensitivity' && option !== null ? `sensitivity/${option}` : measure}
        title={measure === 'sensitivity' && option !== null ? optionHelp(option) : undefined}
        onChange={(event) => {
          const [name, of] = event.currentTarget.value.split('/');
          const next = MEASURES.find((each) => each === name);
          const heated = options.find((each) => each === of);
          if (heated !== undefined) store.setState((state) => ({ view: { ...state.view, heat: heated } }));
          if (next !== undefined) onMeasure(next);
        }}
      >
        {options.map((each) => (
          <option key={each} value={`sensitivity/${each}`}>
            Sensitivity to {optionName(each)}
          </option>
        ))}
        {MEASURES.filter((each) => each !== 'sensitivity' || options.length === 0).map((each) => (
          <option key={each} value={each} disabled={missing[each] !== null}>
            {MEASURE_NAMES[each]}
            {missing[each] === null ? '' : ` (${missing[each]})`}
          </option>
        ))}
      </select>
      <span className="graph-legend" aria-hidden="true">
        low <i /> high
      </span>
    </label>
  );
}

function Foot({
  graph,
  laidOut,
}: {
  readonly graph: DrawnGraph;
  readonly laidOut: LaidOut | null;
}): ReactElement {
  return (
    <p className="graph-foot small mute">
      {plural(graph.nodes.length, 'node')}, {plural(graph.layout.edges.length, 'connection')}; constants are
      left out
      {laidOut === null ? '' : `; laid out in ${formatMillis(laidOut.millis)}`}
      {laidOut === null || laidOut.layout.simpleNodes === 0
        ? ''
        : `; ${groupThousands(laidOut.layout.simpleNodes)} of them in plain rows${laidOut.fault === null ? ', too many in one block for the finer layout' : `: ${laidOut.fault}`}`}
      .
    </p>
  );
}
