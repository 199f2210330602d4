/** A recipe that is predicted slower says so before it runs: which layers lose, why, and the form that does not. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { SlowLayer, SpeedPrediction } from '../../../core/search/predict-speed.ts';
import { useApp } from '../../store/context.ts';
import { replaceRecipe } from '../../store/edits.ts';
import { formatFactor, plural } from '../../ui/format.ts';
import { WarnIcon } from '../../ui/icons.tsx';
import { useSpeedPrediction } from './use-speed-prediction.ts';
import './tune.css';

/** More fold away. */
const SHOWN = 3;

export function SpeedWarning(): ReactElement | null {
  const { store } = useApp();
  const prediction = useSpeedPrediction();
  if (prediction === null || prediction.slow.length === 0) return null;
  const { better } = prediction;
  return (
    <div className="speed-warning" role="note" aria-label="Predicted speed">
      <p className="small">
        <WarnIcon /> <Sentence prediction={prediction} />
      </p>
      <Losers layers={prediction.slow.slice(0, SHOWN)} />
      {prediction.slow.length <= SHOWN ? null : (
        <details className="fold">
          <summary>{plural(prediction.slow.length - SHOWN, 'more layer')}</summary>
          <Losers layers={prediction.slow.slice(SHOWN)} />
        </details>
      )}
      {better === null ? null : (
        <Button variant="default" size="compact-sm" onClick={() => replaceRecipe(store, better.recipe)}>
          Leave what loses in floats · predicted {formatFactor(better.speedup)}
        </Button>
      )}
    </div>
  );
}

function Sentence({ prediction: { speedup, slow } }: { readonly prediction: SpeedPrediction }): ReactElement {
  const layers = plural(slow.length, 'layer');
  const lose = slow.length === 1 ? 'loses' : 'lose';
  return (
    <>
      <i className="predicted">Predicted {formatFactor(speedup)}</i>{' '}
      {speedup < 1
        ? `the speed of the original on this device: it will be slower. ${layers} ${lose}:`
        : `the speed of the original on this device, but ${layers} ${lose}:`}
    </>
  );
}

function Losers({ layers }: { readonly layers: readonly SlowLayer[] }): ReactElement {
  return (
    <ul className="kept-list">
      {layers.map(({ layer, label, reason }) => (
        <li key={layer} className="small">
          <b>{label}</b>: <span className="mute">{reason}</span>
        </li>
      ))}
    </ul>
  );
}
