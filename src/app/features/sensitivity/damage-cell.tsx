/** One layer in one option: colour, number, and whether it was measured or predicted, which never look the same. */
import type { ReactElement } from 'react';
import type { OptionDamage, SensitivityReport } from '../../../core/search/types.ts';
import { damageShare, formatDamage, optionName } from './heat-scale.ts';

export function DamageCell({
  reading,
  metric,
  missing,
}: {
  readonly reading: OptionDamage | undefined;
  readonly metric: SensitivityReport['metric'];
  /** Why there is none. */
  readonly missing: string | undefined;
}): ReactElement {
  if (reading === undefined) {
    return (
      <span className="mute" title={missing ?? 'not measured'}>
        –
      </span>
    );
  }
  const { damage, source, option } = reading;
  const share = Math.round(damageShare(damage, metric) * 100);
  const text = formatDamage(damage, metric);
  return (
    <span
      className={`damage damage-${source}`}
      data-option={option}
      data-damage={damage}
      data-source={source}
      title={`${optionName(option)}: ${damage.toPrecision(3)}, ${source}`}
    >
      <i
        className="damage-heat"
        aria-hidden="true"
        style={{ background: `color-mix(in oklab, var(--heat-high) ${share}%, var(--heat-low))` }}
      />
      <span>
        {source === 'predicted' ? '≈ ' : ''}
        {text}
      </span>
      {source === 'predicted' ? <span className="visually-hidden">predicted</span> : null}
    </span>
  );
}
