/** The first samples as the model gets them, with what it makes of them: the place where wrong reading is seen. */
import type { ReactElement } from 'react';
import type { PreviewSample } from '../../../core/dataset/types.ts';
import { useAppSlice } from '../../store/context.ts';
import { formatPercent } from '../../ui/format.ts';
import { CheckIcon, CrossIcon } from '../../ui/icons.tsx';
import { SamplePicture } from '../predictions/sample-picture.tsx';

export function PreviewStrip(): ReactElement | null {
  const { samples, error } = useAppSlice(({ data }) => ({
    samples: data?.preview ?? null,
    error: data?.previewError ?? null,
  }));
  if (error !== null) {
    return (
      <p className="small tone-bad">
        The samples cannot be read like this: {error.message} {error.hint ?? ''}
      </p>
    );
  }
  if (samples === null || samples.length === 0) return null;
  return (
    <div
      className="preview"
      role="region"
      aria-label="Samples as the model gets them, scrollable"
      tabIndex={0}
    >
      <ul>
        {samples.map((sample) => (
          <li key={sample.index}>
            <Sample sample={sample} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Sample({ sample }: { readonly sample: PreviewSample }): ReactElement {
  const [best] = sample.predictions;
  return (
    <figure className="preview-sample" title={sample.key}>
      <SamplePicture thumbnail={sample} label={`${sample.key}, as the model gets it`} />
      <figcaption>
        {best === undefined ? null : (
          <span className={sample.right === null ? '' : sample.right ? 'tone-good' : 'tone-bad'}>
            {sample.right === null ? null : sample.right ? <CheckIcon /> : <CrossIcon />}
            <span className="visually-hidden">
              {sample.right === null ? 'says' : sample.right ? 'right:' : 'wrong:'}{' '}
            </span>
            {best.label}
            {best.confidence === null ? '' : ` ${formatPercent(best.confidence, 0)}`}
          </span>
        )}
        {sample.label === null || sample.right === true ? null : (
          <span className="mute">is {sample.label}</span>
        )}
      </figcaption>
    </figure>
  );
}
