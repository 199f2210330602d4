/** Where a model's time goes: profiled on request, before and after side by side, with what can be counted of it. */
import { Button, SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import { chromeTrace } from '../../../core/report/trace.ts';
import type { CostSummary, ProfileResult } from '../../../core/profile/types.ts';
import type { LayerSummary } from '../../../worker/api.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { ORIGINAL } from '../../store/state.ts';
import { formatBytes, formatCount, formatMillis } from '../../ui/format.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { machineLine } from '../inspector/machine-line.ts';
import '../per-class/per-class.css';
import '../predictions/predictions.css';
import { ProfileBars } from './profile-bars.tsx';
import { profileRows, sortProfile } from './profile-rows.ts';
import type { Grouping, ProfileInput, ProfileOrder } from './profile-rows.ts';
import { ProfileTable, columnsFor } from './profile-table.tsx';
import { Timeline } from './timeline.tsx';
import './profile.css';

const NO_LAYERS: readonly LayerSummary[] = [];

const WHAT: Readonly<Record<Grouping, string>> = { layer: 'Layer', op: 'Operation', node: 'Node' };

export function ProfileTab(): ReactElement {
  const shownId = useAppState((state) => state.currentId ?? state.lastId ?? ORIGINAL);
  const before = useAppState((state) => state.profiles[ORIGINAL] ?? null);
  const variant = useAppState((state) => state.profiles[shownId] ?? null);
  const after = shownId === ORIGINAL ? null : variant;
  const costs = useAppState((state) => state.costs[shownId] ?? null);
  return (
    <div className="tab-scroll" tabIndex={0} role="region" aria-label="Profile, scrollable">
      <Head />
      <Counted costs={costs} shownId={shownId} />
      {before === null && after === null ? (
        <p className="mute small">
          Nothing is profiled yet. A profile shows which layers take the time: those are worth making smaller,
          the rest is hardly noticed.
        </p>
      ) : (
        <Profiles key={shownId} before={before} after={after} shownId={shownId} costs={costs} />
      )}
    </div>
  );
}

function Head(): ReactElement {
  const { desk } = useApp();
  const job = useAppState((state) => state.job);
  const error = useAppState((state) => state.profileError);
  const stale = useAppState((state) => state.currentId === null);
  const any = useAppState((state) => Object.keys(state.profiles).length > 0);
  const running = job?.kind === 'profile';
  return (
    <>
      <div className="profile-head">
        <Button size="compact-sm" variant="default" disabled={running} onClick={() => void desk.profile()}>
          {any ? 'Profile again' : 'Profile'}
        </Button>
        <p className="mute small">
          The runtime times each of its operations. That makes runs two to three times slower than timed ones,
          so that shares count here and sums do not; nothing is timed meanwhile.
        </p>
      </div>
      {running ? <ProgressLine title={job.title} doing={job.doing} fraction={job.fraction} /> : null}
      {error === null ? null : (
        <p className="small tone-bad">
          The profile failed: {error.message}
          {error.hint === undefined ? '' : ` ${error.hint}`}
        </p>
      )}
      {stale && any ? (
        <p className="small tone-warn">
          Of the variant before this recipe: the one on screen is not made yet.
        </p>
      ) : null}
    </>
  );
}

/** What needs no clock: operations, weights and memory, from the graph and its shapes. */
function Counted({
  costs,
  shownId,
}: {
  readonly costs: CostSummary | null;
  readonly shownId: string;
}): ReactElement | null {
  const memory = useAppState((state) => state.entries[shownId]?.measurement?.memory ?? null);
  if (costs === null) return null;
  const session = memory === null ? null : shownId === ORIGINAL ? memory.originalBytes : memory.variantBytes;
  const unknown = Object.entries(costs.uncounted);
  const sizes = Object.entries(costs.dimensions);
  return (
    <div className="profile-counted">
      <dl className="profile-facts">
        <Fact name="Operations" value={`${formatCount(costs.macs)} MACs`} />
        <Fact name="Weights" value={formatCount(costs.parameters)} />
        <Fact name="Activations written" value={formatBytes(costs.activationBytes)} />
        <Fact
          name="Alive at once, at most"
          help="The largest sum of activations that are needed at the same moment, in the order of the graph"
          value={formatBytes(costs.peakActivationBytes)}
        />
        {session === null ? null : <Fact name="Session, measured" value={formatBytes(session)} />}
      </dl>
      <p className="mute small">
        Counted from the graph
        {sizes.length === 0 ? '' : `, ${sizes.map(([name, size]) => `${name} = ${size}`).join(', ')}`}
        {unknown.length === 0
          ? ''
          : `; not counted: ${unknown.map(([op, count]) => `${count} × ${op}`).join(', ')}`}
        .{(costs.notes ?? []).map((note) => ` ${note}`)}
      </p>
    </div>
  );
}

function Fact({
  name,
  value,
  help,
}: {
  readonly name: string;
  readonly value: string;
  readonly help?: string;
}): ReactElement {
  return (
    <div>
      <dt title={help}>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Profiles({
  before,
  after,
  shownId,
  costs,
}: {
  readonly before: ProfileResult | null;
  readonly after: ProfileResult | null;
  readonly shownId: string;
  readonly costs: CostSummary | null;
}): ReactElement {
  const layers = useAppState((state) => state.model?.layers ?? NO_LAYERS);
  const [grouping, setGrouping] = useState<Grouping>('layer');
  const [order, setOrder] = useState<ProfileOrder | null>(null);
  const shown = after ?? before;
  const both = before !== null && after !== null;
  const byTime: ProfileOrder = { column: after === null ? 'before' : 'after', descending: true };
  const input = useMemo<ProfileInput>(
    () => ({ before, after, layers, costs }),
    [before, after, layers, costs],
  );
  const rows = useMemo(() => profileRows(grouping, input), [grouping, input]);
  const columns = useMemo(
    () => columnsFor(grouping, both, after === null ? 'Original' : 'Variant'),
    [grouping, both, after],
  );
  const usable = order !== null && (order.column === 'name' || columns.some(({ id }) => id === order.column));
  const applied = usable ? order : byTime;
  const sorted = sortProfile(rows, applied);
  return (
    <>
      <Summary before={before} after={after} missing={shownId !== ORIGINAL && after === null} />
      <section aria-label="Times">
        <SegmentedControl
          size="xs"
          aria-label="Add up by"
          value={grouping}
          onChange={setGrouping}
          data={[
            { value: 'layer', label: 'By layer' },
            { value: 'op', label: 'By operation' },
            { value: 'node', label: 'By node' },
          ]}
        />
        <ProfileBars rows={sortProfile(rows, byTime)} both={both} />
        <ProfileTable
          rows={sorted}
          columns={columns}
          what={WHAT[grouping]}
          order={applied}
          onOrder={setOrder}
        />
      </section>
      {shown === null ? null : (
        <section aria-label="Timeline" className="profile-timeline">
          <div className="profile-head">
            <h3 className="tab-heading">
              One run of the {after === null ? 'original' : 'variant'} along time
            </h3>
            <SaveTrace profile={shown} id={after === null ? ORIGINAL : shownId} />
          </div>
          <Timeline key={shownId} profile={shown} />
        </section>
      )}
    </>
  );
}

function Summary({
  before,
  after,
  missing,
}: {
  readonly before: ProfileResult | null;
  readonly after: ProfileResult | null;
  /** The variant on screen has no profile yet. */
  readonly missing: boolean;
}): ReactElement {
  const shown = after ?? before;
  return (
    <p className="mute small">
      {missing ? 'Only the original is profiled: press Profile for the variant. ' : ''}
      {shown === null
        ? ''
        : `${shown.provider === 'wasm' ? 'WASM' : 'WebGPU'}, ${shown.threads === 1 ? '1 thread' : `${shown.threads} threads`}, median of ${shown.runs} profiled runs: a run ${formatMillis(shown.runMicros / 1000)}, its operations together ${formatMillis(shown.nodesMicros / 1000)}.`}
    </p>
  );
}

function SaveTrace({ profile, id }: { readonly profile: ProfileResult; readonly id: string }): ReactElement {
  const { page, store } = useApp();
  const save = (): void => {
    const { model, entries } = store.getState();
    const entry = entries[id];
    const name = entry?.summary?.fileName ?? model?.fileName ?? 'model';
    const measurement = entry?.measurement ?? null;
    const trace = chromeTrace(profile, {
      title: name,
      ...(measurement === null ? {} : { machine: machineLine(measurement) }),
    });
    page.save(`${name.replace(/\.onnx$/i, '')}.trace.json`, new Blob([trace], { type: 'application/json' }));
  };
  return (
    <Button
      variant="default"
      size="compact-sm"
      title="Chrome’s trace format: opens in Perfetto and in TensorBoard"
      onClick={save}
    >
      Save trace
    </Button>
  );
}
