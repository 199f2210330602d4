/**
 * Keeps the project on screen: copies its files in the background, writes what changed soon after it did, and brings
 * everything back on the next visit. A project whose files could not be kept waits until they are chosen again. It must
 * not know React, or how a browser stores things.
 */
import type { DataSummary } from '../../core/dataset/types.ts';
import { toErrorRecord } from '../../core/errors.ts';
import type { ErrorRecord } from '../../core/errors.ts';
import type { ModelSummary, OpenFile } from '../../worker/api.ts';
import type { Studio } from '../bridge/studio.ts';
import type { ProjectKeeper, RestoreDoor } from '../store/data-desk.ts';
import type { DataState, ProjectState } from '../store/data-state.ts';
import type { After } from '../store/job-board.ts';
import { showError } from '../store/notices.ts';
import type { OpenedFrom, Pipeline } from '../store/pipeline.ts';
import type { AppState, AppStore, JobKind, StudyEntry } from '../store/state.ts';
import { bringBack, notOpened, patiently, unread } from './bring-back.ts';
import type { Way } from './bring-back.ts';
import { parseProject } from './parse-record.ts';
import type { KeptProject } from './parse-record.ts';
import { namesOf, piecesOf } from './project-record.ts';
import type { KeptData, KeptEntry, KeptFiles } from './project-record.ts';
import { continueProject } from './continue-project.ts';
import type { Vault } from './vault.ts';

/** Changes of one gesture are written once. */
export const SAVE_MILLIS = 1000;

/** A copy that runs meanwhile would be in the figures. */
const TIMING: ReadonlySet<JobKind> = new Set(['measure', 'profile', 'lab']);

/** What of the state is kept; anything else may change without a save. */
const KEPT_SLICES = [
  'model',
  'draft',
  'entries',
  'currentId',
  'lastId',
  'options',
  'view',
  'goal',
  'energy',
  'data',
  'costs',
  'profiles',
  'lab',
  'calibration',
  'sensitivity',
] as const satisfies readonly (keyof AppState)[];

export interface KeeperParts {
  readonly store: AppStore;
  readonly studio: Pick<Studio, 'knowVariant'>;
  readonly pipeline: Pick<Pipeline, 'open' | 'openSample'>;
  readonly vault: Vault;
  readonly after: After;
  /** Told whether the next visit has something to bring back. */
  readonly onKept: (kept: boolean) => void;
}

/** What was opened, as far as it has to be found again. */
interface Opened extends KeptFiles {
  readonly id: string;
  readonly sample: boolean;
}

export class Keeper implements ProjectKeeper {
  private readonly parts: KeeperParts;
  private model: Opened | null = null;
  private data: Opened | null = null;
  /** Read from the vault, its model not open yet. */
  private pending: KeptProject | null = null;
  /** Data of the project on screen whose files have to be chosen again. */
  private missingData: KeptData | null = null;
  private saved: ReadonlyMap<string, unknown> = new Map();
  private readonly made = new WeakMap<StudyEntry, KeptEntry>();
  private forgetTimer: (() => void) | null = null;
  private writing: Promise<void> = Promise.resolve();
  private copying: Promise<void> = Promise.resolve();
  private copies = 0;
  private stopCopies = new AbortController();
  /** Why packs could not be copied, by their names. */
  private readonly notCopied = new Map<string, ErrorRecord>();
  /** Why the pieces could not be written last. */
  private notWritten: ErrorRecord | null = null;
  /** The packs that the stored pieces speak of. */
  private written: readonly string[] | null = null;
  /** What came out of the vault is not copied back into it: a file must not be written over while it is read. */
  private readonly fromVault = new WeakSet<readonly OpenFile[]>();

  constructor(parts: KeeperParts) {
    this.parts = parts;
    let seen = parts.store.getState();
    parts.store.subscribe((state) => {
      const before = seen;
      seen = state;
      if (KEPT_SLICES.some((slice) => state[slice] !== before[slice])) this.saveSoon();
    });
  }

  modelOpened(model: ModelSummary, from: OpenedFrom): Partial<AppState> | null {
    const { pending } = this;
    this.pending = null;
    this.model = opened(model.modelId, from);
    if (from !== null) this.copy(modelPack(model.modelId), from);
    const same =
      pending?.head.model.modelId === model.modelId && pending.head.model.sample === (from === null);
    if (pending === null || !same) {
      if (pending !== null) this.sayOther(pending, model);
      this.missingData = null;
      this.missing([]);
      return null;
    }
    const { data, project } = this.parts.store.getState();
    const kept = pending.head.data;
    this.missingData = kept !== null && data?.summary.dataId !== kept.dataId ? kept : null;
    // The sample's own are on their way.
    const gone = this.missingData === null || this.missingData.sample ? [] : [this.missingData];
    const known = project.missing.find(({ what }) => what === 'data');
    this.missing(gone.map((one) => known ?? { what: 'data', ...pick(one) }));
    return continueProject(pending, model, this.parts.store.getState(), this.parts.studio);
  }

  dataOpened(files: readonly OpenFile[] | null, { dataId }: DataSummary): Partial<DataState> | null {
    const kept = this.missingData ?? this.pending?.head.data ?? null;
    this.data = opened(dataId, files);
    if (files !== null) this.copy(dataPack(dataId), files);
    this.missingData = null;
    this.missing(this.parts.store.getState().project.missing.filter(({ what }) => what !== 'data'));
    if (kept === null || kept.dataId !== dataId) return null;
    const { config, proposals, split, duplicates } = kept;
    return { config, proposals, split, duplicates };
  }

  async restore(door: RestoreDoor): Promise<void> {
    if (this.parts.store.getState().model !== null) return;
    this.project({ state: 'restoring' });
    const kept = await this.read();
    if (kept === null) return;
    const { model, data } = kept.head;
    const missing: ProjectState['missing'][number][] = [];
    const failures: ErrorRecord[] = [];
    const { vault, pipeline, store, after } = this.parts;
    vault.need(packsOf(kept));
    const waiting = (): boolean => this.pending === kept;
    const unopened = new Set<KeptFiles>();
    const bring = async (pack: string, one: KeptFiles, way: Pick<Way, 'open' | 'wanted'>): Promise<void> => {
      const failure = await bringBack({ ...way, after, read: () => this.openPack(pack) });
      if (failure === null) return;
      failures.push(notOpened(one, failure));
      unopened.add(one);
    };
    const wantedAgain = (what: 'model' | 'data', one: KeptFiles): ProjectState['missing'][number] => ({
      what,
      ...pick(one),
      ...(unopened.has(one) ? { unopened: true } : {}),
    });
    // The data first: nothing is measured or evaluated before the whole project is there.
    if (data !== null && !data.sample) {
      const wanted = (): boolean => waiting() && store.getState().data === null;
      const open = (files: readonly OpenFile[]) => this.saidBy(() => door.addData(files));
      await bring(dataPack(data.dataId), data, { open, wanted });
      if (store.getState().data === null) missing.push(wantedAgain('data', data));
    }
    if (model.sample) await pipeline.openSample();
    else {
      const open = (files: readonly OpenFile[]) => this.saidBy(() => pipeline.open(files));
      await bring(modelPack(model.modelId), model, { open, wanted: waiting });
    }
    if (waiting()) missing.unshift(wantedAgain('model', model));
    this.project({
      state: failures.length > 0 && waiting() ? 'failed' : 'saved',
      missing: waiting() ? missing : this.missingNow(missing),
      error: failures[0] ?? null,
    });
    // Only now: opening a model takes the notices of the one before away.
    for (const failure of failures) showError(store, failure);
    this.settle();
    await this.tidy();
  }

  private async openPack(name: string): Promise<readonly OpenFile[] | null> {
    const files = await this.parts.vault.openFiles(name);
    if (files !== null) this.fromVault.add(files);
    return files;
  }

  /** Commands tell the user what went wrong, not their caller. Null where they said nothing. */
  private async saidBy(command: () => Promise<void>): Promise<ErrorRecord | null> {
    const { store } = this.parts;
    const before = new Set(store.getState().notices);
    await command();
    return store.getState().notices.findLast((notice) => !before.has(notice))?.error ?? null;
  }

  /** What the stored project speaks of stays, also where another tab stored it and is not there at this moment. */
  private async tidy(): Promise<void> {
    const { vault } = this.parts;
    try {
      const kept = parseProject(await vault.read());
      await vault.tidy(kept === null ? [] : packsOf(kept));
    } catch {
      // Whoever cannot tell what is needed deletes nothing.
    }
  }

  async forget(): Promise<void> {
    this.stopCopies.abort();
    this.stopCopies = new AbortController();
    this.forgetTimer?.();
    this.forgetTimer = null;
    this.pending = this.model = this.data = this.missingData = this.written = null;
    this.notCopied.clear();
    const { vault, onKept } = this.parts;
    onKept(false);
    // At once: what is opened from here on is needed again.
    vault.need([]);
    // In its turn between the writes, so that it removes nothing of a project that is begun meanwhile.
    const erased = this.writing.then(async () => {
      const pieces = await vault.read();
      this.saved = new Map();
      await vault.write(new Map(), [...pieces.keys()]);
    });
    this.writing = erased.catch((error: unknown) => this.failed(toErrorRecord(error)));
    await this.writing;
    await this.tidy();
  }

  /** Writes now what would be written soon: the page is about to go. */
  flush(): void {
    if (this.forgetTimer === null) return;
    this.forgetTimer();
    this.forgetTimer = null;
    this.writing = this.writing.then(() => this.save());
  }

  /** Null where there is nothing to bring back; the state says why. */
  private async read(): Promise<KeptProject | null> {
    const { store, vault, after } = this.parts;
    let pieces: ReadonlyMap<string, unknown>;
    try {
      pieces = await patiently(() => vault.read(), after);
    } catch (error) {
      // Not read is not damaged: nothing is deleted.
      this.failed(toErrorRecord(error));
      showError(store, unread(toErrorRecord(error)));
      return null;
    }
    try {
      this.pending = parseProject(pieces);
      this.written = this.pending === null ? null : packsOf(this.pending);
      // What is there of this project is replaced or removed by the next save, piece by piece.
      this.saved = new Map([...pieces.keys()].map((name) => [name, null]));
    } catch (error) {
      showError(store, toErrorRecord(error));
      await this.forget();
    }
    if (this.pending === null) this.project({ state: 'off' });
    return this.pending;
  }

  /** What the user has meanwhile opened is not missing any more. */
  private missingNow(missing: ProjectState['missing']): ProjectState['missing'] {
    return this.missingData === null || this.missingData.sample
      ? []
      : missing.filter(({ what }) => what === 'data');
  }

  private saveSoon(): void {
    if (this.forgetTimer !== null || this.parts.store.getState().model === null) return;
    this.forgetTimer = this.parts.after(SAVE_MILLIS, () => {
      this.forgetTimer = null;
      this.writing = this.writing.then(() => this.save());
    });
  }

  private async save(): Promise<void> {
    const { store, vault, onKept } = this.parts;
    const state = store.getState();
    const { model, data, missingData } = this;
    if (model === null || state.model?.modelId !== model.id) return;
    const along = {
      model: pick(model),
      data: data === null ? null : { ...pick(data), sample: data.sample },
      missingData,
    };
    const pieces = piecesOf(state, along, this.made);
    if (pieces === null) return;
    const changed = new Map([...pieces].filter(([name, piece]) => this.saved.get(name) !== piece));
    const removed = [...this.saved.keys()].filter((name) => !pieces.has(name));
    try {
      const packs = this.packs();
      vault.need(packs);
      await vault.write(changed, removed);
      this.saved = pieces;
      this.notWritten = null;
      // Closed or replaced meanwhile: what was just written is erased or written over next.
      if (this.model !== model) return;
      this.written = packs;
      onKept(true);
    } catch (error) {
      this.notWritten = toErrorRecord(error);
    }
    this.settle();
  }

  /** One copy after the other, behind everything else. */
  private copy(name: string, files: readonly OpenFile[]): void {
    this.notCopied.delete(name);
    if (this.fromVault.has(files)) return;
    const { vault } = this.parts;
    const { signal } = this.stopCopies;
    this.copies++;
    this.settle();
    this.copying = this.copying.then(async () => {
      try {
        if (!signal.aborted) await vault.keepFiles(name, files, { signal, quiet: () => this.quiet() });
      } catch (error) {
        if (!signal.aborted) this.notCopied.set(name, toErrorRecord(error));
      }
      this.copies--;
      this.settle();
    });
  }

  /** Saved is what the next visit finds whole: every pack read back, and the pieces that speak of them written. */
  private settle(): void {
    const { state } = this.parts.store.getState().project;
    if (this.model === null || state === 'restoring') return;
    const packs = this.packs();
    const error = [this.notWritten, ...packs.map((name) => this.notCopied.get(name))].find(Boolean);
    const written = packs.every((name) => this.written?.includes(name));
    if (error) this.failed(error);
    else if (this.copies > 0 || !written) this.project({ state: 'saving', error: null });
    else this.project({ state: 'saved', error: null });
  }

  /** Of the project on screen, with those of data whose files have to be chosen again: they may yet be read. */
  private packs(): readonly string[] {
    const { model, missingData } = this;
    // Not those of data that were taken out of the project.
    const data = this.parts.store.getState().data === null ? null : this.data;
    return [
      ...(model === null ? [] : [modelPack(model.id)]),
      ...(data === null ? [] : [dataPack(data.id)]),
      ...(missingData === null ? [] : [dataPack(missingData.dataId)]),
    ];
  }

  private quiet(): Promise<void> {
    const { store } = this.parts;
    const timing = ({ job }: AppState): boolean => job !== null && TIMING.has(job.kind);
    if (!timing(store.getState())) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = store.subscribe((state) => {
        if (timing(state)) return;
        stop();
        resolve();
      });
    });
  }

  private failed(error: ErrorRecord): void {
    this.project({ state: 'failed', error });
  }

  private missing(missing: ProjectState['missing']): void {
    this.project({ missing });
  }

  private project(fields: Partial<ProjectState>): void {
    this.parts.store.setState(({ project }) => ({ project: { ...project, ...fields } }));
  }

  /** After the model is on screen: opening one takes the notices of the one before away. */
  private sayOther({ head }: KeptProject, model: ModelSummary): void {
    queueMicrotask(() =>
      showError(this.parts.store, {
        code: 'usage',
        message: `${model.fileName} is another model than ${head.model.fileName}, so that a new project was begun.`,
        hint: `To go on with the old one, its file is needed, unchanged.`,
      }),
    );
  }
}

function packsOf({ head: { model, data } }: KeptProject): readonly string[] {
  return [modelPack(model.modelId), ...(data === null ? [] : [dataPack(data.dataId)])];
}

function opened(id: string, files: readonly OpenFile[] | null): Opened {
  return {
    id,
    sample: files === null,
    names: namesOf(files?.map(({ path }) => path) ?? []),
    bytes: files?.reduce((total, { file }) => total + file.size, 0) ?? 0,
  };
}

function pick({ names, bytes }: KeptFiles): KeptFiles {
  return { names, bytes };
}

function modelPack(modelId: string): string {
  return `model-${modelId}`;
}

function dataPack(dataId: string): string {
  return `data-${dataId}`;
}
