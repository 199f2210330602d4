/** One layer closely: its weights before and after, how its channels differ, what it may be told. */
import { useDeferredValue, useEffect, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import type { Recipe } from '../../../core/recipe/types.ts';
import type { LayerDetail } from '../../../worker/api.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { layerRows } from '../../store/layers.ts';
import type { LayerRow } from '../../store/layers.ts';
import { loadLayerDetail } from '../../store/layer-detail.ts';
import { ACTIVATIONS, metaOf } from '../../store/pass-names.ts';
import { precisionOf, sparsityOf } from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';
import { formatBytes, formatDecibels, formatPercent, groupThousands } from '../../ui/format.ts';
import { Histogram } from '../../ui/histogram.tsx';
import { PrecisionSelect, SparsitySelect } from '../layers/override-selects.tsx';
import type { AppliedFix } from '../sensitivity/fix-text.ts';
import { LayerFixes } from '../sensitivity/layer-fixes.tsx';
import { useCurrentEntry, usePrediction } from '../workspace/use-study.ts';
import { rangeSentence } from './range-sentence.ts';
import './inspector.css';

export function Inspector(): ReactElement {
  const recipe = useDeferredValue(useAppState(recipeOf));
  const row = useSelectedRow(recipe);
  const detail = useAppState((state) => state.detail);
  const prediction = useDeferredValue(usePrediction());
  const changed = recipe.steps.length > 0;
  const [applied, setApplied] = useState<readonly AppliedFix[]>([]);
  useDetail(row?.layer.id ?? null);
  if (row === null) {
    return (
      <section className="card" aria-label="Layer">
        <h2 className="card-title">Layer</h2>
        <p className="mute small">The weights of a layer are shown here once one is chosen in the table.</p>
      </section>
    );
  }
  const { layer } = row;
  const after = changed ? prediction?.layers.find(({ id }) => id === layer.id) : undefined;
  const exact = prediction?.exact === true;
  const shown = detail?.detail?.layerId === layer.id ? detail.detail : null;
  return (
    <section className="card inspector" aria-label="Layer">
      <h2 className="card-title">
        <span className="inspector-name">{layer.label}</span>
        <small>
          {layer.op}, {layer.dims.join(' × ')}
        </small>
      </h2>
      {shown !== null ? (
        <Weights row={row} detail={shown} />
      ) : (
        <p className="mute small inspector-wait">{detail?.error?.message ?? 'Reading the weights…'}</p>
      )}
      <dl className="facts">
        <dt>Weights</dt>
        <dd>
          {groupThousands(layer.elements)} {layer.dataType}, {formatBytes(layer.weightBytes)}
        </dd>
        {after === undefined ? null : (
          <>
            <dt>In the file</dt>
            <dd>
              {formatBytes(after.bytes)}, predicted{exact ? '' : ', not exact'}
            </dd>
          </>
        )}
        {shown === null || shown.sqnrDb === null ? null : (
          <>
            <dt>Error</dt>
            <dd title="Ratio of the weights to their rounding errors (SQNR)">
              {formatDecibels(shown.sqnrDb)} <small className="mute">{errorWords(shown.sqnrDb)}</small>
            </dd>
          </>
        )}
        {shown === null || layer.elements === 0 ? null : (
          <>
            <dt>Zeros</dt>
            <dd>{formatPercent(shown.zeros / layer.elements, 0)}</dd>
          </>
        )}
        <dt>Precision</dt>
        <dd>
          {layer.frozen === undefined ? <PrecisionSelect row={row} general={precisionOf(recipe)} /> : '–'}
        </dd>
        <dt>Sparsity</dt>
        <dd>
          {layer.frozen === undefined ? <SparsitySelect row={row} general={sparsityOf(recipe)} /> : '–'}
        </dd>
      </dl>
      {reasonsOf(row).map(({ text, warn }) => (
        <p key={text} className={warn ? 'small tone-warn' : 'small mute'}>
          {text}
        </p>
      ))}
      <LayerFixes
        layerId={layer.id}
        applied={applied}
        onApplied={(fix) => setApplied((all) => [...all, fix])}
      />
    </section>
  );
}

/** What decibels of rounding error mean: each 20 are a factor of ten. */
function errorWords(sqnrDb: number): string {
  if (sqnrDb >= 40) return 'hardly any';
  return sqnrDb >= 20 ? 'some' : 'a lot';
}

/** Why the layer, or a pass of it, was left out. */
function reasonsOf({
  layer,
  skippedBy,
}: LayerRow): readonly { readonly text: string; readonly warn: boolean }[] {
  if (layer.frozen !== undefined) return [{ text: `Left alone: ${layer.frozen}`, warn: true }];
  return Object.entries(skippedBy).map(([pass, reason]) => ({
    text: `${metaOf(pass)?.label ?? pass}, skipped: ${reason}`,
    // Computing in floats where integers do not pay is what is wanted.
    warn: pass !== ACTIVATIONS,
  }));
}

function useSelectedRow(recipe: Recipe): LayerRow | null {
  const layers = useAppState((state) => state.model?.layers ?? null);
  const layerId = useAppState((state) => state.view.layerId);
  const variant = useCurrentEntry()?.summary ?? null;
  return useMemo(() => {
    const layer = layers?.find(({ id }) => id === layerId);
    if (layers === null || layer === undefined) return null;
    const total = layers.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
    const row = layerRows([layer], recipe, variant)[0];
    return row === undefined ? null : { ...row, share: total === 0 ? 0 : layer.weightBytes / total };
  }, [layers, layerId, recipe, variant]);
}

/** Asks for the layer as it is in the variant on screen; while a newer recipe is being made, nothing is asked. */
function useDetail(layerId: string | null): void {
  const { store, studio } = useApp();
  const modelId = useAppState((state) => state.model?.modelId ?? null);
  const currentId = useAppState((state) => state.currentId);
  const variantId = useCurrentEntry()?.summary?.variantId ?? null;
  useEffect(() => {
    if (modelId === null || layerId === null || currentId === null) return;
    void loadLayerDetail(store, studio, modelId, variantId, layerId);
  }, [store, studio, modelId, layerId, currentId, variantId]);
}

function Weights({ row, detail }: { readonly row: LayerRow; readonly detail: LayerDetail }): ReactElement {
  const { label } = row.layer;
  const sentence = rangeSentence(detail.channelRangeRatio);
  return (
    <>
      <Histogram
        before={detail.before}
        after={detail.after}
        label={`Weights of ${label}${detail.after === null ? '' : ', before and after'}, square-root scale`}
      />
      <p className="legend small mute">
        <span className="legend-before">before</span>
        {detail.after === null ? null : <span className="legend-after">after</span>}
      </p>
      {sentence === null ? null : <p className="mute small">{sentence}</p>}
    </>
  );
}
