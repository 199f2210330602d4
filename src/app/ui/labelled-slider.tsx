/** A slider with its name and value above and its stops below. Keyboard: arrows, Home, End. */
import { Slider } from '@mantine/core';
import type { ReactElement } from 'react';

export function LabelledSlider({
  label,
  min,
  max,
  step,
  value,
  valueText,
  textOf,
  ticks,
  onChange,
  onChangeEnd,
}: {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  readonly valueText: string;
  readonly textOf: (value: number) => string;
  readonly ticks: readonly string[];
  readonly onChange: (value: number) => void;
  readonly onChangeEnd: () => void;
}): ReactElement {
  return (
    <div className="slider">
      <div className="slider-head" aria-hidden="true">
        <span>{label}</span>
        <b>{valueText}</b>
      </div>
      <Slider
        min={min}
        max={max}
        step={step}
        value={value}
        size={6}
        thumbSize={18}
        label={null}
        thumbLabel={label}
        thumbValueText={textOf}
        onChange={onChange}
        onChangeEnd={onChangeEnd}
      />
      <div className="slider-ticks" aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick}>{tick}</span>
        ))}
      </div>
    </div>
  );
}
