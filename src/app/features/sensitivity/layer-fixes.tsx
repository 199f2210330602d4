/** In the card of a layer: why it suffers, what can be done about it with one click, and what that did. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { ReactElement } from 'react';
import type { Fix, LayerSensitivity, SensitivityReport } from '../../../core/search/types.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { recipeKey } from '../../store/recipe-edit.ts';
import { entryOfRecipe, recipeOf } from '../../store/state.ts';
import { DamageCell } from './damage-cell.tsx';
import { promiseOf, resultOf } from './fix-text.ts';
import type { AppliedFix } from './fix-text.ts';
import { optionHelp, optionName, readingOf, optionsOf } from './heat-scale.ts';
import { givenBy, offered, summaryOnScreen } from './in-recipe.ts';
import type { OfferedFix } from './in-recipe.ts';
import './sensitivity.css';

/** @param applied fixes of this visit; kept by the caller, so that they outlive the choice of another layer. */
export function LayerFixes({
  layerId,
  applied,
  onApplied,
}: {
  readonly layerId: string;
  readonly applied: readonly AppliedFix[];
  readonly onApplied: (fix: AppliedFix) => void;
}): ReactElement | null {
  const report = useAppState((state) => state.sensitivity);
  const modelId = useAppState((state) => state.model?.modelId ?? '');
  const layer = report?.layers.find((each) => each.layer === layerId);
  const reason = report?.notMeasured.find((each) => each.layer === layerId)?.reason;
  const mine = applied.filter((fix) => fix.layer === layerId && fix.modelId === modelId);
  return (
    <>
      {report === null ? null : layer === undefined ? (
        reason === undefined ? null : (
          <p className="small mute">Sensitivity not measured: {reason}</p>
        )
      ) : (
        <Guilt report={report} layer={layer} modelId={modelId} onApplied={onApplied} />
      )}
      {mine.map((fix) => (
        <Outcome key={`${fix.beforeKey}>${fix.afterKey}`} fix={fix} />
      ))}
    </>
  );
}

function Guilt({
  report,
  layer,
  modelId,
  onApplied,
}: {
  readonly report: SensitivityReport;
  readonly layer: LayerSensitivity;
  readonly modelId: string;
  readonly onApplied: (fix: AppliedFix) => void;
}): ReactElement {
  const { store, tuning } = useApp();
  const summary = useAppState(summaryOnScreen);
  const given = summary === null ? null : givenBy(summary)(layer.layer);
  const apply = (fix: Fix): void => {
    const beforeKey = recipeKey(recipeOf(store.getState()));
    tuning.applyFix(fix);
    const afterKey = recipeKey(recipeOf(store.getState()));
    if (afterKey === beforeKey) return;
    onApplied({ modelId, layer: layer.layer, label: fix.label, beforeKey, afterKey });
  };
  return (
    <div className="guilt">
      <h3 className="guilt-title">What fewer bits do here</h3>
      <dl className="guilt-damages">
        {optionsOf(report).map((option) => (
          <div key={option} title={optionHelp(option)}>
            <dt>{optionName(option)}</dt>
            <dd>
              <DamageCell reading={readingOf(layer, option)} metric={report.metric} missing={undefined} />
            </dd>
          </div>
        ))}
      </dl>
      {layer.causes.length === 0 ? null : (
        <ul className="guilt-causes small">
          {layer.causes.map(({ id, text }) => (
            <li key={id} data-cause={id}>
              {text}
            </li>
          ))}
        </ul>
      )}
      {layer.fixes.length === 0 ? null : (
        <ul className="guilt-fixes" aria-label="Fixes">
          {layer.fixes.map((fix) => (
            <FixRow key={fix.label} offer={offered(fix, layer, report, given)} onApply={apply} />
          ))}
        </ul>
      )}
    </div>
  );
}

function FixRow({
  offer,
  onApply,
}: {
  readonly offer: OfferedFix;
  readonly onApply: (fix: Fix) => void;
}): ReactElement {
  const [nothing, setNothing] = useState(false);
  const { store } = useApp();
  const { fix, already } = offer;
  return (
    <li>
      <Button
        size="compact-sm"
        variant="default"
        disabled={already !== null}
        onClick={() => {
          const before = recipeOf(store.getState());
          onApply(fix);
          setNothing(recipeOf(store.getState()) === before);
        }}
      >
        {fix.label}
      </Button>
      <span className="small mute fix-promise">{promiseOf(offer)}</span>
      {nothing ? <span className="small mute"> The recipe says so already.</span> : null}
    </li>
  );
}

function Outcome({ fix }: { readonly fix: AppliedFix }): ReactElement {
  const before = useAppState((state) => entryOfRecipe(state, fix.beforeKey));
  const after = useAppState((state) => entryOfRecipe(state, fix.afterKey));
  const inForce = useAppState((state) => recipeKey(recipeOf(state)) === fix.afterKey);
  const result = resultOf(before, after);
  return (
    <p className="small fix-outcome" data-state={result.state} role="status">
      <b>{fix.label}</b>
      {inForce ? '' : ' (tried, not in the recipe as it is now)'}:{' '}
      {result.state === 'measured' ? (
        <>
          measured:{' '}
          <span
            className={result.gain > 0 ? 'tone-good' : result.gain < 0 ? 'tone-bad' : 'tone-neutral'}
            data-gain={result.gain}
          >
            {result.text}
          </span>
          , {result.bytes}.
        </>
      ) : (
        <span className="mute">{result.text}</span>
      )}
    </p>
  );
}
