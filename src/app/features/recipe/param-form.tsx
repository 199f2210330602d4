/** The parameters of a pass, generated from its schema, each with its help. */
import { Switch } from '@mantine/core';
import { useId } from 'react';
import type { ReactElement } from 'react';
import type { ParamSpec, ParamValue, PassMeta } from '../../../core/passes/types.ts';
import type { RecipeStep } from '../../../core/recipe/types.ts';
import { useApp } from '../../store/context.ts';
import { edit } from '../../store/edits.ts';
import { PRECISION_PARAM, PRUNE, QUANTIZE, SPARSITY_PARAM } from '../../store/pass-names.ts';
import { withParam } from '../../store/recipe-edit.ts';

/** The sliders above already are these. */
const ON_SLIDERS: Readonly<Record<string, string>> = { [QUANTIZE]: PRECISION_PARAM, [PRUNE]: SPARSITY_PARAM };

export function ParamForm({
  meta,
  step,
}: {
  readonly meta: PassMeta;
  readonly step: RecipeStep | undefined;
}): ReactElement {
  const { store } = useApp();
  const shown = Object.entries(meta.params).filter(([name]) => ON_SLIDERS[meta.id] !== name);
  return (
    <div className="params">
      <p className="mute small">{meta.help}</p>
      {shown.map(([name, spec]) => (
        <Param
          key={name}
          spec={spec}
          disabled={step === undefined}
          value={step?.params?.[name] ?? spec.default}
          onChange={(value) => edit(store, (draft) => withParam(draft, meta.id, name, value))}
        />
      ))}
    </div>
  );
}

interface ParamProps<S extends ParamSpec> {
  readonly spec: S;
  readonly value: ParamValue;
  readonly disabled: boolean;
  readonly onChange: (value: ParamValue) => void;
}

function Param({ spec, ...rest }: ParamProps<ParamSpec>): ReactElement {
  switch (spec.kind) {
    case 'choice':
      return <ChoiceParam spec={spec} {...rest} />;
    case 'number':
      return <NumberParam spec={spec} {...rest} />;
    case 'flag':
      return <FlagParam spec={spec} {...rest} />;
    default:
      return spec satisfies never;
  }
}

type Spec<K extends ParamSpec['kind']> = Extract<ParamSpec, { kind: K }>;

function ChoiceParam({ spec, value, disabled, onChange }: ParamProps<Spec<'choice'>>): ReactElement {
  const id = useId();
  return (
    <div className="param">
      <label htmlFor={id}>{spec.label}</label>
      <select
        id={id}
        className="select"
        disabled={disabled}
        value={String(value)}
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {spec.options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <p id={`${id}-help`} className="param-help">
        {spec.help}
      </p>
    </div>
  );
}

function NumberParam({ spec, value, disabled, onChange }: ParamProps<Spec<'number'>>): ReactElement {
  const id = useId();
  return (
    <div className="param">
      <label htmlFor={id}>{spec.label}</label>
      <input
        id={id}
        className="select"
        type="number"
        disabled={disabled}
        min={spec.min}
        max={spec.max}
        step={spec.step}
        value={Number(value)}
        aria-describedby={`${id}-help`}
        onChange={(event) => {
          const next = event.currentTarget.valueAsNumber;
          // Half-typed numbers stay in the field; the recipe only takes what its schema allows.
          if (next >= spec.min && next <= spec.max) onChange(next);
        }}
      />
      <p id={`${id}-help`} className="param-help">
        {spec.help}
      </p>
    </div>
  );
}

function FlagParam({ spec, value, disabled, onChange }: ParamProps<Spec<'flag'>>): ReactElement {
  const id = useId();
  return (
    <div className="param">
      <label htmlFor={id}>{spec.label}</label>
      <Switch
        id={id}
        size="xs"
        disabled={disabled}
        checked={value === true}
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <p id={`${id}-help`} className="param-help">
        {spec.help}
      </p>
    </div>
  );
}
