/** A number that takes effect when the field is left or Enter is pressed; what is no number changes nothing and says so. */
import { useId, useState } from 'react';
import type { ReactElement } from 'react';
import { numberOf } from './energy-text.ts';

export function NumberField({
  label,
  unit,
  value,
  min = 0,
  onChange,
}: {
  readonly label: string;
  readonly unit: string;
  readonly value: number;
  readonly min?: number;
  readonly onChange: (value: number) => void;
}): ReactElement {
  const id = useId();
  /** Null = nothing is being typed: the value is shown. */
  const [typed, setTyped] = useState<string | null>(null);
  const invalid = typed !== null && numberOf(typed, min) === null;
  const commit = (): void => {
    const next = typed === null ? null : numberOf(typed, min);
    if (next !== null && next !== value) onChange(next);
    setTyped(null);
  };
  return (
    <div className="energy-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="select"
        inputMode="decimal"
        autoComplete="off"
        value={typed ?? String(value)}
        aria-invalid={invalid}
        aria-describedby={`${id}-unit`}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
        }}
      />
      <span id={`${id}-unit`} className="mute">
        {invalid ? `a number from ${min}` : unit}
      </span>
    </div>
  );
}
