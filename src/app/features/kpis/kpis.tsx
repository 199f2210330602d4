/** The five figures of what is on screen, each with where it comes from and whether its goal is reached. */
import type { ReactElement } from 'react';
import { worstOf } from '../../../core/goal/judge.ts';
import type { Judgement } from '../../../core/goal/judge.ts';
import { useAppState } from '../../store/context.ts';
import type { Figure } from '../../store/figures.ts';
import type { StudyEntry } from '../../store/state.ts';
import { KpiCard } from '../../ui/kpi-card.tsx';
import type { KpiCardProps } from '../../ui/kpi-card.tsx';
import { GoalMark } from '../goal/goal-state.tsx';
import { useJudgement } from '../goal/use-judgement.ts';
import { unitOf } from '../../store/metric-text.ts';
import { useCurrentEntry, useFigures } from '../workspace/use-study.ts';
import { EnergyKpi } from './energy-kpi.tsx';
import { accuracyLabel, noteOf, shownValue, sourceWords, verdictOf } from './kpi-texts.ts';
import './kpis.css';

const NAMES: Record<Figure['name'], string> = {
  size: 'Size',
  latency: 'Latency',
  accuracy: 'Accuracy',
  agreement: 'Agreement',
  memory: 'Memory',
};

export function Kpis(): ReactElement | null {
  const figures = useFigures();
  const current = useCurrentEntry();
  const judgement = useJudgement();
  const held = useAppState((state) => state.held !== null || state.failed !== null);
  const kind = useAppState((state) => state.data?.summary.kind ?? (state.sample ? 'images' : undefined));
  const counts = useAppState((state) => state.data?.split?.counts ?? null);
  const measured = useAppState(
    (state) => Object.values(state.entries).filter((e) => e.measurement !== null).length,
  );
  const estimateNote = measured > 1 ? 'between measured neighbours' : 'as the original’s, until measured';
  if (figures === null) return null;
  return (
    <div className="kpis">
      {[figures.size, figures.latency, figures.quality, figures.memory].map((figure) => (
        <KpiCard
          key={NAMES[figure.name]}
          name={NAMES[figure.name]}
          {...labelOf(figure)}
          value={figure.value}
          baseline={figure.baseline}
          unit={figure.unit}
          source={figure.source}
          shown={shownValue(figure)}
          sourceWords={sourceWords(figure, held)}
          verdict={verdictOf(figure, current)}
          note={noteOf(figure, current, estimateNote, unitOf(kind), counts)}
          pending={figure.pending}
          {...spreadOf(figure, current)}
          goal={<FigureGoal judgement={judgement} figure={figure.name} />}
        />
      ))}
      <EnergyKpi />
    </div>
  );
}

function labelOf({ name, metric }: Figure): Pick<KpiCardProps, 'label'> {
  if (name === 'latency') return { label: 'Latency p50' };
  return name === 'accuracy' ? { label: accuracyLabel(metric) } : {};
}

/** Interval of the paired difference and the samples behind it, for whoever reads the card from outside. */
function spreadOf({ name, source }: Figure, current: StudyEntry | null): Pick<KpiCardProps, 'spread'> {
  if (name !== 'accuracy' || source !== 'measured' || current === null) return {};
  const { evaluation } = current;
  if (evaluation === null) return {};
  const { comparison, summary } = evaluation;
  return { spread: { ...(comparison?.interval ?? {}), n: comparison?.n ?? summary.n } };
}

function FigureGoal({
  judgement,
  figure,
}: {
  readonly judgement: Judgement | null;
  readonly figure: Figure['name'];
}): ReactElement | null {
  const checks = judgement?.checks.filter((check) => check.figure === figure) ?? [];
  if (checks.length === 0) return null;
  return <GoalMark state={worstOf(checks)} title={checks.map(({ sentence }) => sentence).join(' ')} />;
}
