/** A step in half a line: what it did to the variant on screen, or how it is set. */
import type { PassMeta } from '../../../core/passes/types.ts';
import type { RecipeStep } from '../../../core/recipe/types.ts';
import { useAppState } from '../../store/context.ts';
import type { AppState } from '../../store/state.ts';
import { headline } from '../../store/facts.ts';
import { plural } from '../../ui/format.ts';

export function useStepSummary(meta: PassMeta, step: RecipeStep | undefined): string {
  const outcome = useAppState((state) => outcomeOf(state, meta.id));
  if (step === undefined) return meta.exact ? 'off · exact, costs no accuracy' : 'off';
  const settings = settingsOf(meta, step);
  const said = [settings, outcome ?? ''].filter((part) => part !== '');
  if (meta.exact) said.push('exact');
  return said.join(' · ');
}

/** As text, so that the row renders again only when the words change. */
function outcomeOf(state: AppState, pass: string): string | null {
  const entry = state.currentId === null ? undefined : state.entries[state.currentId];
  const done = entry?.summary?.steps.find((step) => step.pass === pass);
  if (done === undefined) return null;
  const said = headline(done.facts);
  if (said !== undefined) return said;
  const skipped = done.skipped.length === 0 ? '' : `, ${done.skipped.length} left alone`;
  return `${plural(done.changed.length, 'layer')}${skipped}`;
}

/** The choices that differ from their defaults, or the first one. */
function settingsOf(meta: PassMeta, step: RecipeStep): string {
  const words = Object.entries(meta.params).flatMap(([name, spec], index) => {
    const value = step.params?.[name] ?? spec.default;
    if (index > 0 && value === spec.default) return [];
    switch (spec.kind) {
      case 'number':
        return [spec.unit === 'fraction' ? `${Math.round(Number(value) * 100)} %` : String(value)];
      case 'choice':
        return [spec.options.find((option) => option.value === value)?.label ?? String(value)];
      case 'flag':
        return [value === true ? spec.label.toLowerCase() : `not ${spec.label.toLowerCase()}`];
      default:
        return spec satisfies never;
    }
  });
  return words.join(', ');
}
