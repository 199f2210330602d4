/** A slider with its name and value above and its stops below. Keyboard: arrows, Home, End. */
import { Slider } from '@mantine/core';
import type { CSSProperties, ReactElement } from 'react';

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
  /** In rising order, the ends included. */
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
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
          <span key={tick.text} style={placeOf((tick.value - min) / (max - min))}>
            {tick.text}
          </span>
        ))}
      </div>
    </div>
  );
}

/** The thumb's middle goes from 6 px inside one end of the track to 6 px inside the other; words at the ends stay inside. */
function placeOf(share: number): CSSProperties {
  if (share <= 0) return { left: 0 };
  if (share >= 1) return { right: 0 };
  return { left: `calc(6px + ${share} * (100% - 12px))`, transform: 'translateX(-50%)' };
}
