/** Every sample whose prediction changed, both directions, and which confusions came and went. */
import { Button, SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import type { TaskComparison } from '../../../core/metrics/tasks/types.ts';
import { useAppState } from '../../store/context.ts';
import { groupThousands, plural } from '../../ui/format.ts';
import { unitOf } from '../../store/metric-text.ts';
import { filterChanges } from './change-text.ts';
import type { ChangeFilter } from './change-text.ts';
import { ConfusionTable } from './confusion-table.tsx';
import { EvaluationGate } from './evaluation-gate.tsx';
import type { ReadyEvaluation } from './evaluation-gate.tsx';
import { SampleItem } from './sample-item.tsx';
import { useClassNames } from './use-class-names.ts';
import { useThumbnails } from './use-thumbnails.ts';
import './predictions.css';

/** Pictures are read from the user's files: only as many as fit a screen or two. */
const PAGE = 24;
/** CSS pixels of a picture, doubled for dense screens. */
const PICTURE_SIDE = 64 * 2;

export function PredictionsTab(): ReactElement {
  return (
    <div className="tab-scroll" tabIndex={0} role="region" aria-label="Predictions, scrollable">
      <EvaluationGate>{(ready) => <Ready key={ready.entry.id} ready={ready} />}</EvaluationGate>
    </div>
  );
}

function Ready({ ready }: { readonly ready: ReadyEvaluation }): ReactElement {
  const { comparison, summary } = ready.evaluation;
  if (comparison === null) {
    return (
      <div className="gate">
        <p>This is the original.</p>
        <p className="mute small">
          Move a slider or choose a preset: what the variant sees differently is listed here.
        </p>
      </div>
    );
  }
  const comparable = ['top1', 'exact', 'characters'].includes(summary.main);
  return (
    <>
      {ready.stale ? <StaleNote /> : null}
      <p className="small tab-lead">{comparison.sentence}</p>
      {comparison.tooFew === null ? null : <p className="small tone-warn">{comparison.tooFew}</p>}
      {comparable ? (
        <Gallery comparison={comparison} />
      ) : (
        <p className="mute small">
          This task has no single prediction per sample that could change; its figures are under Per class.
        </p>
      )}
      <ConfusionTable changes={comparison.confusionChange} />
    </>
  );
}

export function StaleNote(): ReactElement {
  return (
    <p className="small tone-warn">The variant before this recipe: the one on screen is not evaluated yet.</p>
  );
}

function Gallery({ comparison }: { readonly comparison: TaskComparison }): ReactElement {
  const [filter, setFilter] = useState<ChangeFilter>('all');
  const [shown, setShown] = useState(PAGE);
  const names = useClassNames();
  const kind = useAppState((state) => state.data?.summary.kind);
  const { lost, gained, other, changed, n } = comparison;
  const total = lost + gained + other;
  const matching = useMemo(() => filterChanges(changed, filter), [changed, filter]);
  const visible = useMemo(() => matching.slice(0, shown), [matching, shown]);
  const indices = useMemo(() => visible.map(({ index }) => index), [visible]);
  const thumbnails = useThumbnails(indices, PICTURE_SIDE);
  const [one, many] = unitOf(kind);
  if (total === 0) {
    return (
      <p className="small">
        Original and variant say the same about {n === 1 ? `the one ${one}` : `all ${plural(n, one, many)}`}.
      </p>
    );
  }
  return (
    <section aria-label="Gallery">
      <SegmentedControl
        size="xs"
        className="change-filter"
        aria-label="Which changes"
        value={filter}
        onChange={(value) => {
          setFilter(value);
          setShown(PAGE);
        }}
        data={[
          { value: 'all', label: `All ${groupThousands(total)}` },
          { value: 'lost', label: `Lost ${groupThousands(lost)}` },
          { value: 'gained', label: `Gained ${groupThousands(gained)}` },
          { value: 'other', label: `Other ${groupThousands(other)}` },
        ]}
      />
      <p className="mute small">
        Lost: was right, is wrong now. Gained: the other way. Other: wrong both times, differently. A few of
        each are normal; what counts is whether more are lost than gained.
      </p>
      {matching.length === 0 ? <p className="small">None.</p> : null}
      <ul className="samples">
        {visible.map((sample) => (
          <SampleItem
            key={sample.index}
            sample={sample}
            names={names}
            thumbnail={thumbnails.get(sample.index)}
          />
        ))}
      </ul>
      {matching.length > shown ? (
        <Button variant="default" size="compact-sm" onClick={() => setShown(shown + PAGE)}>
          Show {Math.min(PAGE, matching.length - shown)} more of {groupThousands(matching.length)}
        </Button>
      ) : null}
      {total > changed.length ? (
        <p className="mute small">
          {groupThousands(changed.length)} of {plural(total, 'changed sample')} are kept to look at; the
          counts are of all.
        </p>
      ) : null}
    </section>
  );
}
