/** The goal's editor: one objective, and limits that may stay empty. */
import { Button } from '@mantine/core';
import { useEffect, useId, useRef, useState } from 'react';
import type { ReactElement, SyntheticEvent } from 'react';
import { OBJECTIVE_WORDS } from '../../../core/goal/sentence.ts';
import type { Goal, Objective } from '../../../core/goal/types.ts';
import { draftOfGoal, parseGoal } from './goal-draft.ts';
import type { GoalDraft, GoalField, GoalUnit } from './goal-draft.ts';

interface FieldSpec {
  readonly field: GoalField;
  readonly label: string;
  readonly unit: string;
}

function fieldsOf(unit: GoalUnit): readonly FieldSpec[] {
  const fraction = unit === 'fraction';
  return [
    { field: 'loss', label: 'Loses at most', unit: fraction ? 'pt' : '' },
    { field: 'accuracy', label: fraction ? 'Accuracy at least' : 'Error at most', unit: fraction ? '%' : '' },
    { field: 'megabytes', label: 'Size at most', unit: 'MB' },
    { field: 'millis', label: 'Latency at most', unit: 'ms' },
    { field: 'speedup', label: 'Speed at least', unit: '×' },
    { field: 'memoryMegabytes', label: 'Memory at most', unit: 'MB' },
  ];
}

export function GoalForm({
  goal,
  unit,
  onSave,
  onRemove,
  onCancel,
}: {
  readonly goal: Goal;
  readonly unit: GoalUnit;
  readonly onSave: (goal: Goal) => void;
  readonly onRemove: (() => void) | null;
  readonly onCancel: () => void;
}): ReactElement {
  const [draft, setDraft] = useState(() => draftOfGoal(goal, unit));
  const [tried, setTried] = useState(false);
  const first = useRef<HTMLSelectElement>(null);
  const id = useId();
  const parsed = parseGoal(draft, unit);
  const errors = tried && !parsed.ok ? parsed.errors : {};
  useEffect(() => first.current?.focus(), []);
  const change = (part: Partial<GoalDraft>): void => setDraft((now) => ({ ...now, ...part }));
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setTried(true);
    if (parsed.ok) onSave(parsed.goal);
  };
  return (
    <form
      className="goal-form"
      noValidate
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel();
      }}
    >
      <div className="field">
        <label htmlFor={`${id}-objective`}>I want the</label>
        <select
          ref={first}
          id={`${id}-objective`}
          className="select"
          value={draft.objective}
          onChange={(event) => change({ objective: event.currentTarget.value as Objective })}
        >
          {Object.entries(OBJECTIVE_WORDS).map(([value, words]) => (
            <option key={value} value={value}>
              {words.charAt(0).toLowerCase() + words.slice(1)}
            </option>
          ))}
        </select>
      </div>
      {fieldsOf(unit).map((spec) => (
        <LimitField
          key={spec.field}
          spec={spec}
          value={draft[spec.field]}
          error={errors[spec.field]}
          onChange={(text) => change({ [spec.field]: text })}
        />
      ))}
      <label className="field-check">
        <input
          type="checkbox"
          checked={draft.neverSlower}
          onChange={(event) => change({ neverSlower: event.currentTarget.checked })}
        />
        Never slower than the original
      </label>
      <p className="param-help">Empty: no limit. A limit is met only when the whole interval keeps it.</p>
      <div className="row">
        <Button type="submit" variant="filled" size="compact-sm">
          Set goal
        </Button>
        <Button variant="default" size="compact-sm" onClick={onCancel}>
          Cancel
        </Button>
        {onRemove === null ? null : (
          <Button variant="subtle" size="compact-sm" onClick={onRemove}>
            Remove goal
          </Button>
        )}
      </div>
    </form>
  );
}

function LimitField({
  spec,
  value,
  error,
  onChange,
}: {
  readonly spec: FieldSpec;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (text: string) => void;
}): ReactElement {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>
        {spec.label}
        {spec.unit === '' ? null : <span className="visually-hidden">, in {spec.unit}</span>}
      </label>
      <span className="field-value">
        <input
          id={id}
          className="select"
          type="text"
          inputMode="decimal"
          autoComplete="off"
          value={value}
          aria-invalid={error !== undefined}
          aria-describedby={error === undefined ? undefined : `${id}-error`}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
        <span className="mute" aria-hidden="true">
          {spec.unit}
        </span>
      </span>
      {error === undefined ? null : (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
