/**
 * The three columns: goal, data and recipe; baseline, figures, chart and tables; one layer and what changed. On a
 * narrow screen one column.
 */
import { Tabs } from '@mantine/core';
import { useDeferredValue, useEffect, useRef } from 'react';
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import type { WorkspaceTab } from '../../store/state.ts';
import '../../styles/mantine-workspace.css';
import { plural } from '../../ui/format.ts';
import { HistoryTab } from '../history/history-tab.tsx';
import { StepsTab } from '../history/steps-tab.tsx';
import { BaselineCard } from '../baseline/baseline-card.tsx';
import { DataCard } from '../data/data-card.tsx';
import { EnergyCard } from '../energy/energy-card.tsx';
import { DoctorCard } from '../doctor/doctor-card.tsx';
import { GoalCard } from '../goal/goal-card.tsx';
import { GraphTab } from '../graph/graph-tab.tsx';
import { prepareLayout } from '../graph/layout-client.ts';
import { Inspector } from '../inspector/inspector.tsx';
import { Remarks } from '../inspector/remarks.tsx';
import { Kpis } from '../kpis/kpis.tsx';
import { StatusStrip } from '../kpis/status-strip.tsx';
import { LayersTable } from '../layers/layers-table.tsx';
import { LabCard } from '../lab/lab-card.tsx';
import { PerClassTab } from '../per-class/per-class-tab.tsx';
import { ChangedCard } from '../predictions/changed-card.tsx';
import { PredictionsTab } from '../predictions/predictions-tab.tsx';
import { ProfileTab } from '../profile/profile-tab.tsx';
import { RecipePanel } from '../recipe/recipe-panel.tsx';
import { ProjectLine } from '../shell/project-line.tsx';
import { DownloadButton, TopBar } from '../shell/top-bar.tsx';
import { Explain } from '../stages/explain.tsx';
import { stageTarget } from '../stages/go-to-stage.ts';
import { StagesBar } from '../stages/stages-bar.tsx';
import { TradeoffCard } from '../tradeoff/tradeoff-card.tsx';
import './workspace.css';

export function Workspace(): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null);
  const modelId = useAppState((state) => state.model?.modelId);
  const fileName = useAppState((state) => state.model?.fileName ?? '');
  // Sliders and figures first; the rest follows in a task of its own, so that none is long.
  const rest = useDeferredValue(true, false);
  // A new model is a new page: whoever cannot see it is taken to its beginning.
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, [modelId]);
  return (
    <div className="workspace">
      <a className="skip-link" href="#figures">
        Skip to the figures
      </a>
      <TopBar />
      <StagesBar>
        <ProjectLine />
      </StagesBar>
      <main className="columns" id="main">
        <h1 className="visually-hidden" ref={heading} tabIndex={-1}>
          {fileName}
        </h1>
        <div className="col col-left">
          <GoalCard />
          <DataCard />
          <RecipePanel />
        </div>
        <div className="col col-middle">
          <BaselineCard />
          <section
            className="figures"
            id="figures"
            aria-label="Figures"
            data-stage={stageTarget('compare')}
            tabIndex={-1}
          >
            <Kpis />
            <StatusStrip />
          </section>
          {rest ? <TradeoffCard /> : null}
          {rest ? <Details /> : null}
        </div>
        <div className="col col-right">
          {rest ? <Inspector /> : null}
          {rest ? <ChangedCard /> : null}
          {rest ? <DoctorCard /> : null}
          {rest ? <LabCard /> : null}
          {rest ? <EnergyCard /> : null}
          {rest ? <Remarks /> : null}
        </div>
      </main>
      <footer className="download-bar">
        <DownloadButton className="download-wide" />
        <Explain stage="export" />
      </footer>
    </div>
  );
}

const TABS: readonly WorkspaceTab[] = [
  'layers',
  'graph',
  'profile',
  'predictions',
  'per-class',
  'history',
  'steps',
];

function Details(): ReactElement {
  const { store } = useApp();
  const tab = useAppState((state) => state.view.tab);
  const layers = useAppState((state) => state.model?.layers.length ?? 0);
  const variants = useAppState((state) => Object.keys(state.entries).length - 1);
  useEffect(prepareLayout, []);
  return (
    <section className="card details" aria-label="Details">
      <Tabs
        value={tab}
        keepMounted={false}
        className="details-tabs"
        onChange={(value) => {
          const next = TABS.find((name) => name === value);
          if (next !== undefined) store.setState((state) => ({ view: { ...state.view, tab: next } }));
        }}
      >
        <Tabs.List>
          <Tabs.Tab value="layers">
            Layers <span className="tab-count">{layers}</span>
          </Tabs.Tab>
          <Tabs.Tab value="graph">Graph</Tabs.Tab>
          <Tabs.Tab value="profile">Profile</Tabs.Tab>
          <Tabs.Tab value="predictions">Predictions</Tabs.Tab>
          <Tabs.Tab value="per-class">Per class</Tabs.Tab>
          <Tabs.Tab value="history">
            History{' '}
            <span className="tab-count" title={plural(variants, 'variant')}>
              {variants}
            </span>
          </Tabs.Tab>
          <Tabs.Tab value="steps">Steps</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="layers">
          <LayersTable />
        </Tabs.Panel>
        <Tabs.Panel value="graph">
          <GraphTab />
        </Tabs.Panel>
        <Tabs.Panel value="profile">
          <ProfileTab />
        </Tabs.Panel>
        <Tabs.Panel value="predictions">
          <PredictionsTab />
        </Tabs.Panel>
        <Tabs.Panel value="per-class">
          <PerClassTab />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <HistoryTab />
        </Tabs.Panel>
        <Tabs.Panel value="steps">
          <StepsTab />
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}
