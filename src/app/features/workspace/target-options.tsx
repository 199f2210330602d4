/** Where and how it is measured: a chip that opens the options. Every change measures anew. */
import { Popover, SegmentedControl } from '@mantine/core';
import { useId, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import type { InputSummary } from '../../../worker/api.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { freeDimensions } from '../../store/free-dimensions.ts';
import type { FreeDimension } from '../../store/free-dimensions.ts';
import { mostThreads } from '../../store/state.ts';
import './target.css';

const BUDGETS = [1000, 3000, 6000, 30_000] as const;
const NO_INPUTS: readonly InputSummary[] = [];

export function TargetOptions(): ReactElement {
  const provider = useAppState((state) => state.options.provider);
  const threads = useAppState((state) => state.options.threads);
  return (
    <Popover
      position="bottom-start"
      width={320}
      shadow="md"
      trapFocus
      withRoles
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>
        <button
          type="button"
          className="chip"
          aria-label={`Target: ${provider}, ${threads} threads. Options`}
        >
          Target{' '}
          <b>
            {provider === 'wasm' ? 'WASM' : 'WebGPU'}
            {provider === 'wasm' ? ` ×${threads}` : ''}
          </b>
        </button>
      </Popover.Target>
      <Popover.Dropdown className="target-panel" aria-label="Measuring options">
        <ProviderChoice />
        <ThreadChoice />
        <BudgetChoice />
        <Dimensions />
      </Popover.Dropdown>
    </Popover>
  );
}

function ProviderChoice(): ReactElement {
  const { pipeline, studio } = useApp();
  const provider = useAppState((state) => state.options.provider);
  const { webgpu } = studio.capabilities;
  return (
    <div className="option">
      <span>Runs on</span>
      <SegmentedControl
        size="xs"
        aria-label="Runs on"
        value={provider}
        onChange={(value) => pipeline.setOptions({ provider: value })}
        data={[
          { value: 'wasm', label: 'WASM' },
          { value: 'webgpu', label: 'WebGPU', disabled: !webgpu },
        ]}
      />
      {webgpu ? null : <p className="param-help">This browser offers no WebGPU device.</p>}
    </div>
  );
}

function ThreadChoice(): ReactElement {
  const { pipeline, studio } = useApp();
  const threads = useAppState((state) => state.options.threads);
  const provider = useAppState((state) => state.options.provider);
  const { crossOriginIsolated } = studio.capabilities;
  const most = mostThreads(studio.capabilities);
  return (
    <div className="option">
      <span>Threads</span>
      <SegmentedControl
        size="xs"
        aria-label="Threads"
        disabled={provider === 'webgpu'}
        value={String(threads)}
        onChange={(value) => pipeline.setOptions({ threads: Number(value) })}
        data={most > 1 ? ['1', String(most)] : ['1']}
      />
      {crossOriginIsolated ? null : (
        <p className="param-help">The page is not cross-origin isolated, so there is one thread only.</p>
      )}
    </div>
  );
}

function BudgetChoice(): ReactElement {
  const { pipeline } = useApp();
  const budget = useAppState((state) => state.options.budgetMillis);
  return (
    <div className="option">
      <span>Time for latency</span>
      <SegmentedControl
        size="xs"
        aria-label="Time for measuring latency"
        value={String(budget)}
        onChange={(value) => pipeline.setOptions({ budgetMillis: Number(value) })}
        data={BUDGETS.map((millis) => ({ value: String(millis), label: `${millis / 1000} s` }))}
      />
      <p className="param-help">
        At most this long: it ends when the ratio is known to 2 %. Slow models need more.
      </p>
    </div>
  );
}

function Dimensions(): ReactElement | null {
  const inputs = useAppState((state) => state.model?.inputs ?? NO_INPUTS);
  const free = useMemo(() => freeDimensions(inputs), [inputs]);
  if (free.length === 0) return null;
  return (
    <fieldset className="dimensions">
      <legend>Free dimensions of the inputs</legend>
      {free.map((dimension) => (
        <DimensionField key={dimension.key} dimension={dimension} />
      ))}
      <p className="param-help">Empty: chosen by the measurement.</p>
    </fieldset>
  );
}

function DimensionField({ dimension }: { readonly dimension: FreeDimension }): ReactElement {
  const { pipeline, store } = useApp();
  const id = useId();
  const set = useAppState((state) => state.options.dimensions[dimension.key]);
  const [text, setText] = useState(set === undefined ? '' : String(set));
  const commit = (): void => {
    const { dimensions } = store.getState().options;
    const { [dimension.key]: _old, ...others } = dimensions;
    const size = Number(text);
    const valid = text !== '' && Number.isInteger(size) && size > 0;
    if (valid ? size === set : set === undefined) return;
    pipeline.setOptions({ dimensions: valid ? { ...others, [dimension.key]: size } : others });
  };
  return (
    <div className="dimension">
      <label htmlFor={id} title={dimension.where}>
        {dimension.label}
      </label>
      <input
        id={id}
        className="select"
        type="number"
        min={1}
        step={1}
        inputMode="numeric"
        placeholder="auto"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
        }}
      />
    </div>
  );
}
