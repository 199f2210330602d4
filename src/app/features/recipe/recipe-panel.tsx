/** The recipe: presets, two sliders for the main things, the steps with their details below, and files. */
import { Button } from '@mantine/core';
import { memo } from 'react';
import type { ReactElement } from 'react';
import { OPEN_RECIPE_INPUT, openRecipeFile } from '../../actions/open-recipe.ts';
import { resetRecipeAction } from '../../actions/reset-recipe.ts';
import { saveRecipeAction } from '../../actions/save-recipe.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { edit, finishGesture } from '../../store/edits.ts';
import { PASS_METAS } from '../../store/pass-names.ts';
import {
  PRECISION_STOPS,
  overrideCount,
  precisionOf,
  precisionText,
  sparsityOf,
  withPrecision,
  withSparsity,
} from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';
import { FileButton } from '../../ui/file-button.tsx';
import { plural } from '../../ui/format.ts';
import { LabelledSlider } from '../../ui/labelled-slider.tsx';
import { CalibrationLine } from '../calibration/calibration-line.tsx';
import { useAction } from '../shell/use-action.ts';
import { CardHead } from '../stages/card-head.tsx';
import { stageTarget } from '../stages/go-to-stage.ts';
import { TargetSelect } from '../target/target-select.tsx';
import { AutoPrecision } from '../tune/auto-precision.tsx';
import { SpeedWarning } from '../tune/speed-warning.tsx';
import { IntegerSwitch } from './integer-switch.tsx';
import { Presets } from './presets.tsx';
import { StepRow } from './step-row.tsx';
import './recipe.css';

export const RecipePanel = memo(function RecipePanel(): ReactElement {
  return (
    <section
      className="card recipe-card"
      aria-label="Recipe"
      data-stage={stageTarget('optimize')}
      tabIndex={-1}
    >
      <RecipeTitle />
      <Presets />
      <PrecisionSlider />
      <AutoPrecision />
      <IntegerSwitch />
      <SpeedWarning />
      <CalibrationLine />
      <SparsitySlider />
      <TargetSelect />
      <div className="steps">
        {PASS_METAS.map((meta) => (
          <StepRow key={meta.id} meta={meta} />
        ))}
      </div>
      <RecipeFiles />
    </section>
  );
});

function RecipeTitle(): ReactElement {
  const steps = useAppState((state) => recipeOf(state).steps.length);
  const overrides = useAppState((state) => overrideCount(recipeOf(state)));
  return (
    <CardHead
      title="Recipe"
      small={`${plural(steps, 'step')}${overrides === 0 ? '' : ` · ${plural(overrides, 'layer')} set by hand`}`}
      stage="optimize"
    />
  );
}

function PrecisionSlider(): ReactElement {
  const { store } = useApp();
  const precision = useAppState((state) => precisionOf(recipeOf(state)));
  const text = useAppState((state) => precisionText(recipeOf(state)));
  return (
    <LabelledSlider
      label="Precision"
      min={0}
      max={PRECISION_STOPS.length - 1}
      step={1}
      value={PRECISION_STOPS.indexOf(precision)}
      valueText={text}
      textOf={stopAt}
      ticks={PRECISION_TICKS}
      onChange={(value) => edit(store, (draft) => withPrecision(draft, stopAt(value)), 'precision')}
      onChangeEnd={() => finishGesture(store)}
    />
  );
}

const PRECISION_TICKS = PRECISION_STOPS.map((text, value) => ({ value, text }));

const stopAt = (index: number): (typeof PRECISION_STOPS)[number] =>
  PRECISION_STOPS[Math.round(index)] ?? 'fp32';

const SPARSITY_TICKS = [0, 25, 50, 75, 95].map((value) => ({
  value,
  text: value === 0 || value === 95 ? `${value} %` : String(value),
}));
const percentText = (percent: number): string => `${percent} %`;

function SparsitySlider(): ReactElement {
  const { store } = useApp();
  const percent = useAppState((state) => Math.round(sparsityOf(recipeOf(state)) * 100));
  return (
    <LabelledSlider
      label="Sparsity"
      min={0}
      max={95}
      step={5}
      value={percent}
      valueText={percentText(percent)}
      textOf={percentText}
      ticks={SPARSITY_TICKS}
      onChange={(value) => edit(store, (draft) => withSparsity(draft, Math.round(value) / 100), 'sparsity')}
      onChangeEnd={() => finishGesture(store)}
    />
  );
}

function RecipeFiles(): ReactElement {
  const context = useApp();
  const save = useAction(saveRecipeAction);
  const reset = useAction(resetRecipeAction);
  return (
    <div className="recipe-files">
      <Button
        variant="default"
        size="compact-sm"
        onClick={save.run}
        title={save.title}
        aria-label={save.label}
        aria-keyshortcuts={save.ariaKeys}
      >
        Save
      </Button>
      <FileButton
        id={OPEN_RECIPE_INPUT}
        label="Open a recipe"
        className="button-default"
        multiple={false}
        accept=".json,application/json"
        onFiles={([picked]) => {
          if (picked !== undefined) void openRecipeFile(context, picked.file);
        }}
      >
        Open
      </FileButton>
      <Button variant="subtle" size="compact-sm" disabled={!reset.enabled} onClick={reset.run}>
        Start over
      </Button>
    </div>
  );
}
