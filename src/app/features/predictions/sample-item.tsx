/** One sample whose prediction changed: its picture or text, the right answer, before and after. */
import { memo } from 'react';
import type { ReactElement } from 'react';
import type { ChangedSample } from '../../../core/metrics/tasks/types.ts';
import type { Thumbnail } from '../../../worker/api.ts';
import { CHANGE_NAMES, changeSentence, changeWords } from './change-text.ts';
import type { ChangeWords, ClassNames } from './change-text.ts';
import { SamplePicture } from './sample-picture.tsx';
import { diffText } from './text-diff.ts';

const TONES: Readonly<Record<ChangedSample['change'], string>> = {
  lost: 'tone-warn',
  gained: 'tone-good',
  other: 'tone-neutral',
};

export const SampleItem = memo(function SampleItem({
  sample,
  names,
  thumbnail,
  short = false,
}: {
  readonly sample: ChangedSample;
  readonly names: ClassNames;
  readonly thumbnail: Thumbnail | null | undefined;
  /** Without the right answer: for the card beside the figures. */
  readonly short?: boolean;
}): ReactElement {
  const words = changeWords(sample, names);
  const key = thumbnail?.key ?? `sample ${sample.index + 1}`;
  const truth = words.truth ?? 'no label';
  return (
    <li className="sample">
      <SamplePicture thumbnail={thumbnail} label={changeSentence(words, sample.change, key)} />
      <div className="sample-words">
        {short ? null : (
          <p className="sample-key mute" title={`${key} · right answer: ${truth}`}>
            {key}
          </p>
        )}
        {words.isText ? (
          <TextChange words={words} tone={TONES[sample.change]} />
        ) : (
          <>
            <p className="sample-line">
              {words.before} <b>{words.beforeConfidence}</b>
            </p>
            <p className={`sample-line ${TONES[sample.change]}`}>
              <span aria-label="now">→</span> {words.after} {words.afterConfidence}
              {sample.change === 'gained' ? ' ✓' : ''}
            </p>
            {short ? null : (
              <p className="sample-truth mute">
                <span title={CHANGE_NAMES[sample.change]}>{sample.change}</span> ·{' '}
                {words.truth === null ? 'no label' : `right: ${truth}`}
              </p>
            )}
          </>
        )}
      </div>
    </li>
  );
});

function TextChange({ words, tone }: { readonly words: ChangeWords; readonly tone: string }): ReactElement {
  const truth = words.truth ?? '';
  return (
    <dl className="text-change">
      <dt>right</dt>
      <dd>{truth}</dd>
      <dt>before</dt>
      <dd>
        <Diff expected={truth} found={words.before} />
      </dd>
      <dt className={tone}>now</dt>
      <dd>
        <Diff expected={truth} found={words.after} />
      </dd>
    </dl>
  );
}

/** Letters that are missing are struck through, letters too much are underlined; neither is told by colour alone. */
function Diff({ expected, found }: { readonly expected: string; readonly found: string }): ReactElement {
  return (
    <>
      {diffText(expected, found).map((piece, index) => {
        switch (piece.kind) {
          case 'same':
            return <span key={index}>{piece.text}</span>;
          case 'missing':
            return (
              <del key={index} title="missing">
                {piece.text}
              </del>
            );
          case 'extra':
            return (
              <ins key={index} title="too much">
                {piece.text}
              </ins>
            );
          default:
            return piece.kind satisfies never;
        }
      })}
    </>
  );
}
