/** The user's data: in, understood, checked, in use. Shows what the store knows; decides nothing. */
import { Button } from '@mantine/core';
import { memo, useState } from 'react';
import type { ReactElement } from 'react';
import { cancelAction } from '../../actions/cancel.ts';
import { removeDataAction } from '../../actions/remove-data.ts';
import { saveDataAction } from '../../actions/save-data.ts';
import { OPEN_DESCRIPTION_INPUT, openDescriptionFile, setOffer } from '../../actions/open-data.ts';
import { useApp, useAppState } from '../../store/context.ts';
import type { DataState } from '../../store/data-state.ts';
import { FileButton } from '../../ui/file-button.tsx';
import { plural } from '../../ui/format.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { Missing } from '../shell/missing.tsx';
import { useAction } from '../shell/use-action.ts';
import { CardHead } from '../stages/card-head.tsx';
import { stageTarget } from '../stages/go-to-stage.ts';
import { AddData, AddFolder } from './add-data.tsx';
import { BalanceChart } from './balance-chart.tsx';
import { Copies } from './copies.tsx';
import { summaryLine } from './describe.ts';
import { Division } from './division.tsx';
import { FitForm } from './fit-form.tsx';
import { PreviewStrip } from './preview-strip.tsx';
import { Problems } from './problems.tsx';
import { ConfigLines, ProposalView } from './proposals.tsx';
import './data.css';

export const DataCard = memo(function DataCard(): ReactElement {
  const data = useAppState((state) => state.data);
  return (
    <section className="card data-card" aria-label="Data" data-stage={stageTarget('data')} tabIndex={-1}>
      <CardHead title="Data" small={data === null ? undefined : data.summary.name} stage="data" />
      <Missing what="data" />
      {data === null ? <NoData /> : <Known data={data} />}
      <Working />
    </section>
  );
});

function NoData(): ReactElement {
  const offer = useAppState((state) => state.view.offer ?? null);
  return (
    <>
      <p className="mute small">
        {offer === null
          ? 'Drop a zip or a folder of samples here to see the accuracy on your own task. Nothing is uploaded.'
          : `${offer.from} describes the data “${offer.config.name}”. Add that data to use it.`}
      </p>
      <div className="row">
        <AddData shown="Add data…" />
        <AddFolder />
      </div>
    </>
  );
}

function Working(): ReactElement | null {
  const job = useAppState((state) => (state.job?.kind === 'data' ? state.job : null));
  const cancel = useAction(cancelAction);
  if (job === null) return null;
  return (
    <div className="data-job">
      <ProgressLine title={job.title} doing={job.doing} fraction={job.fraction} />
      <Button variant="default" size="compact-sm" aria-label={`Stop: ${job.title}`} onClick={cancel.run}>
        Stop
      </Button>
    </div>
  );
}

function Known({ data }: { readonly data: DataState }): ReactElement {
  const [editing, setEditing] = useState(false);
  const { summary, config, proposals } = data;
  const offer = useAppState((state) => state.view.offer ?? null);
  const editable = config ?? offer?.config ?? proposals?.[0]?.config ?? null;
  const edit =
    editing || editable === null ? null : (
      <Button variant="default" size="compact-sm" onClick={() => setEditing(true)}>
        {config === null ? 'Edit first' : 'Edit'}
      </Button>
    );
  return (
    <>
      <p className="data-summary">{summaryLine(summary)}</p>
      <Problems
        problems={
          config === null ? summary.problems : summary.problems.filter(({ severity }) => severity === 'error')
        }
      />
      {offer === null ? null : <Offer />}
      {editing && editable !== null ? <FitForm config={editable} onClose={() => setEditing(false)} /> : null}
      {config === null ? (
        <Proposed data={data} edit={edit} preview={!editing} />
      ) : (
        <>
          <Division />
          <Files edit={edit} />
          <Details data={data} preview={!editing} />
        </>
      )}
      {config === null ? (
        <>
          <Files edit={null} />
          <MoreFiles />
        </>
      ) : null}
    </>
  );
}

/** What is settled folds away, so that the sliders stay in sight. */
function Details({
  data: { summary, config, proposals, previewError },
  preview,
}: {
  readonly data: DataState;
  readonly preview: boolean;
}): ReactElement {
  return (
    <details className="fold data-details" open={previewError !== null || undefined}>
      <summary>Details</summary>
      <Problems problems={summary.problems.filter(({ severity }) => severity !== 'error')} />
      {preview ? <PreviewStrip /> : null}
      {config === null ? null : <ConfigLines config={config} />}
      <BalanceChart classes={summary.classes} />
      <Copies />
      <OtherProposals proposals={proposals} config={config} />
      <MoreFiles />
    </details>
  );
}

function Proposed({
  data: { proposals, proposalError },
  edit,
  preview,
}: {
  readonly data: DataState;
  readonly edit: ReactElement | null;
  readonly preview: boolean;
}): ReactElement {
  if (proposalError !== null) {
    return (
      <p className="small tone-bad">
        No way to read it was found: {proposalError.message} {proposalError.hint ?? ''}
      </p>
    );
  }
  if (proposals === null) {
    return <p className="small mute">The common ways to read it are tried with this model.</p>;
  }
  const [first, ...others] = proposals;
  if (first === undefined) {
    return <p className="small tone-bad">No way to read it fits this model’s inputs.</p>;
  }
  return (
    <>
      <ProposalView proposal={first} title="Proposed:" inUse={false}>
        {edit}
      </ProposalView>
      {preview ? <PreviewStrip /> : null}
      {others.length === 0 ? null : (
        <details className="fold" open={!first.sure || undefined}>
          <summary>{plural(others.length, 'other task')} it could be for</summary>
          {others.map((proposal, i) => (
            <ProposalView key={i} proposal={proposal} title="Or:" inUse={false} />
          ))}
        </details>
      )}
    </>
  );
}

/** What was proposed stays at hand after one is in use. */
function OtherProposals({ proposals, config }: Pick<DataState, 'proposals' | 'config'>): ReactElement | null {
  if (proposals === null || proposals.length === 0) return null;
  const used = JSON.stringify(config);
  return (
    <details className="fold">
      <summary>What was proposed</summary>
      {proposals.map((proposal, i) => (
        <ProposalView
          key={i}
          proposal={proposal}
          title={i === 0 ? 'Proposed:' : 'Or:'}
          inUse={JSON.stringify(proposal.config) === used}
        />
      ))}
    </details>
  );
}

/** A description from a file, beside what the page found out by itself. */
function Offer(): ReactElement | null {
  const { store, desk } = useApp();
  const offer = useAppState((state) => state.view.offer ?? null);
  if (offer === null) return null;
  return (
    <div className="proposal">
      <p>
        <b>From {offer.from}:</b>
      </p>
      <ConfigLines config={offer.config} />
      <div className="row">
        <Button
          variant="filled"
          size="compact-sm"
          onClick={() => {
            setOffer(store, null);
            void desk.acceptData(offer.config);
          }}
        >
          Use this description
        </Button>
        <Button variant="default" size="compact-sm" onClick={() => setOffer(store, null)}>
          Discard
        </Button>
      </div>
    </div>
  );
}

/** Saving and other data stand in sight; the rarer rest folds away with the details. */
function Files({ edit }: { readonly edit: ReactElement | null }): ReactElement {
  const save = useAction(saveDataAction);
  return (
    <div className="row">
      {edit}
      <AddData shown="Other data…" />
      {save.enabled ? (
        <Button
          variant="default"
          size="compact-sm"
          onClick={save.run}
          aria-label={save.label}
          title={save.label}
        >
          Save
        </Button>
      ) : null}
    </div>
  );
}

function MoreFiles(): ReactElement {
  const context = useApp();
  const remove = useAction(removeDataAction);
  return (
    <div className="recipe-files">
      <AddFolder />
      <FileButton
        id={OPEN_DESCRIPTION_INPUT}
        label="Open a data description"
        className="button-default"
        multiple={false}
        accept=".json,application/json"
        onFiles={([picked]) => {
          if (picked !== undefined) void openDescriptionFile(context, picked.file);
        }}
      >
        Open description
      </FileButton>
      <Button variant="subtle" size="compact-sm" onClick={remove.run} aria-label={remove.label}>
        Remove
      </Button>
    </div>
  );
}
