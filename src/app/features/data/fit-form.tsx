/** The description by hand: every field, its fault under it, and the samples as they would be read. */
import { Button } from '@mantine/core';
import { useEffect, useId, useMemo, useState } from 'react';
import type { ReactElement, SyntheticEvent } from 'react';
import type { DataConfig, Task } from '../../../core/dataset/types.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { PreviewStrip } from './preview-strip.tsx';
import { TASK_KINDS, draftOf, fieldGroups, parseDraft, taskOfKind } from './fit-fields.ts';
import type { FieldSpec } from './fit-fields.ts';

/** How long typing must rest before samples are read again. */
const REST_MILLIS = 500;
const NO_OUTPUTS: readonly { readonly name: string }[] = [];

export function FitForm({
  config,
  onClose,
}: {
  readonly config: DataConfig;
  readonly onClose: () => void;
}): ReactElement {
  const { desk } = useApp();
  const ports = useAppState((state) => state.model?.outputs ?? NO_OUTPUTS);
  const outputs = useMemo(() => ports.map(({ name }) => name), [ports]);
  const [base, setBase] = useState(config);
  const [draft, setDraft] = useState(() => draftOf(config, outputs));
  const parsed = useMemo(() => parseDraft(base, draft, outputs), [base, draft, outputs]);
  const errors = parsed.ok ? {} : parsed.errors;
  usePreviewOf(parsed.ok ? parsed.config : null, config);
  const changeTask = (kind: Task['kind']): void => {
    const next = { ...base, task: taskOfKind(kind, base.task, outputs) };
    setBase(next);
    setDraft({ ...draftOf(next, outputs), ...pick(draft, (path) => !path.startsWith('task/')) });
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!parsed.ok) return;
    void desk.acceptData(parsed.config);
    onClose();
  };
  return (
    <form className="fit-form" aria-label="How the data is read" noValidate onSubmit={submit}>
      <PreviewStrip />
      {fieldGroups(base, outputs).map(({ title, fields }) => (
        <fieldset key={title}>
          <legend>{title}</legend>
          {title === 'What is right' ? <TaskKind kind={base.task.kind} onChange={changeTask} /> : null}
          {fields.map((spec) => (
            <Field
              key={spec.path}
              spec={spec}
              value={draft[spec.path] ?? ''}
              error={errors[spec.path]}
              onChange={(text) => setDraft((now) => ({ ...now, [spec.path]: text }))}
            />
          ))}
        </fieldset>
      ))}
      <div className="row">
        <Button type="submit" variant="filled" size="compact-sm" disabled={!parsed.ok}>
          Use this
        </Button>
        <Button variant="default" size="compact-sm" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** Shows samples under what is being typed, once it makes sense and rests. */
function usePreviewOf(config: DataConfig | null, opened: DataConfig): void {
  const { desk, store } = useApp();
  useEffect(() => {
    if (config === null || config === opened) return;
    const shown = store.getState().data?.previewed ?? null;
    // Another way to write the same number changes nothing.
    if (shown !== null && JSON.stringify(shown) === JSON.stringify(config)) return;
    const timer = setTimeout(() => void desk.previewData(config), REST_MILLIS);
    return () => clearTimeout(timer);
  }, [config, opened, desk, store]);
}

function pick(
  draft: Readonly<Record<string, string>>,
  keep: (path: string) => boolean,
): Record<string, string> {
  return Object.fromEntries(Object.entries(draft).filter(([path]) => keep(path)));
}

function TaskKind({
  kind,
  onChange,
}: {
  readonly kind: Task['kind'];
  readonly onChange: (kind: Task['kind']) => void;
}): ReactElement {
  const id = useId();
  return (
    <div className="param">
      <label htmlFor={id}>Task</label>
      <select
        id={id}
        className="select"
        value={kind}
        onChange={(event) => onChange(event.currentTarget.value as Task['kind'])}
      >
        {TASK_KINDS.map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    </div>
  );
}

function Field({
  spec,
  value,
  error,
  onChange,
}: {
  readonly spec: FieldSpec;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (text: string) => void;
}): ReactElement {
  const id = useId();
  const about = [spec.help === undefined ? null : `${id}-help`, error === undefined ? null : `${id}-error`]
    .filter((part) => part !== null)
    .join(' ');
  const common = {
    id,
    value,
    'aria-invalid': error !== undefined,
    'aria-describedby': about === '' ? undefined : about,
  } as const;
  return (
    <div className={`param ${spec.kind === 'lines' ? 'param-lines' : ''}`}>
      <label htmlFor={id}>{spec.label}</label>
      {spec.kind === 'choice' ? (
        <select {...common} className="select" onChange={(event) => onChange(event.currentTarget.value)}>
          {spec.options?.map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      ) : spec.kind === 'lines' ? (
        <textarea
          {...common}
          className="select"
          rows={4}
          spellCheck={false}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      ) : (
        <input
          {...common}
          className="select"
          type="text"
          inputMode={spec.kind === 'numbers' || spec.kind === 'wholes' ? 'text' : 'decimal'}
          autoComplete="off"
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
      {spec.help === undefined ? null : (
        <p id={`${id}-help`} className="param-help">
          {spec.help}
        </p>
      )}
      {error === undefined ? null : (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}
