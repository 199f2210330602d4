/** The pieces of a project in the vault: written sparingly, read back with care, gone when they should be. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ORIGINAL } from '../store/state.ts';
import { dataSummary, evaluation, modelSummary } from '../store/testing/fake-studio.ts';
import { Keeper } from './keeper.ts';
import { parseProject } from './parse-record.ts';
import { HEAD } from './project-record.ts';
import { MemoryVault } from './testing/memory-vault.ts';
import { Marks, Visit, breathe, modelFiles, firstVisit as savedStudy } from './testing/visit.ts';

let vault: MemoryVault;
let marks: Marks;

const visit = (): Visit => new Visit(vault, marks);
const firstVisit = (): Promise<Visit> => savedStudy(vault, marks);

beforeEach(() => {
  vault = new MemoryVault();
  marks = new Marks();
});

describe('what was kept', () => {
  it('is dropped with a notice when it cannot be read', async () => {
    await firstVisit();
    for (const damage of [
      { version: 99 },
      { draft: null },
      { model: { modelId: 7 } },
      { options: { threads: 'many' } },
    ]) {
      const damaged = new MemoryVault();
      for (const [name, piece] of vault.pieces) damaged.pieces.set(name, piece);
      damaged.pieces.set(HEAD, { ...(vault.pieces.get(HEAD) as object), ...damage });
      marks.setItem('pare-project', 'kept');
      const page = new Visit(damaged, marks);
      await page.desk.restore();
      expect(page.state.notices.map(({ error }) => error.code)).toEqual(['data-invalid']);
      expect(page.state.project).toMatchObject({ state: 'off', missing: [] });
      expect(damaged.pieces.size).toBe(0);
      expect(marks.marks.size).toBe(0);
    }
  });

  it('loses findings about data that cannot be read, and no more', async () => {
    await firstVisit();
    const head = vault.pieces.get(HEAD) as { readonly data: object };
    const damage = {
      config: { format: 'pare-data', version: 1, inputs: null },
      proposals: [null],
      split: { counts: { evaluation: 1, calibration: 0, 'hold-back': 0 }, problems: [null] },
      duplicates: { checked: 1, total: 1, groups: [null], removable: [] },
    };
    const kept = parseProject(
      new Map([...vault.pieces, [HEAD, { ...head, data: { ...head.data, ...damage } }]]),
    );
    expect(kept?.head.data).toMatchObject({ config: null, proposals: [], split: null, duplicates: null });
    expect(kept?.entries.map(({ id }) => id)).toEqual([ORIGINAL, 'v1']);
  });

  it('loses an entry that cannot be read, and no more', async () => {
    await firstVisit();
    vault.pieces.set('entry/m1/v1', { id: 'v1', recipe: { steps: 'none' } });
    const page = visit();
    void page.desk.restore();
    await breathe();
    await page.fake.last('addData').succeed(dataSummary());
    await breathe();
    await page.fake.last('open').succeed(modelSummary());
    expect(Object.keys(page.state.entries)).toEqual([ORIGINAL]);
    await page.fake.last('previewData').succeed([]);
    // The recipe on screen is made again.
    await page.fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    expect(page.count('makeVariant')).toBe(1);
  });

  it('loses an entry whose halves of samples are no halves', async () => {
    await firstVisit();
    const entry = vault.pieces.get('entry/m1/v1') as { readonly evaluation: unknown };
    const { comparison, ...rest } = evaluation(0.79);
    const part = { ...comparison, own: { low: 0, high: 1 } };
    const kept = (halves: unknown) => {
      const damaged = { ...entry, evaluation: { ...rest, comparison: { ...comparison, halves } } };
      return parseProject(new Map([...vault.pieces, ['entry/m1/v1', damaged]]))?.entries.map(({ id }) => id);
    };
    expect(kept({ choosing: part, confirming: part })).toEqual([ORIGINAL, 'v1']);
    expect(kept({ choosing: part })).toEqual([ORIGINAL]);
    expect(kept({ choosing: part, confirming: { ...part, own: null } })).toEqual([ORIGINAL]);
    expect(kept({ choosing: { ...part, value: null }, confirming: part })).toEqual([ORIGINAL]);
  });

  it('is written once for many changes, and only what changed', async () => {
    const page = await firstVisit();
    vault.writes.length = 0;
    page.desk.setEnergy({ gridGramsPerKwh: 1 });
    page.desk.setEnergy({ gridGramsPerKwh: 2 });
    await page.rest();
    expect(vault.writes).toEqual([[HEAD]]);
    page.store.setState({ announcement: 'nothing that is kept' });
    await page.rest();
    expect(vault.writes).toHaveLength(1);
  });

  it('goes with the project', async () => {
    const page = await firstVisit();
    await page.desk.closeProject();
    await page.rest();
    expect([vault.pieces.size, vault.packs.size, marks.marks.size]).toEqual([0, 0, 0]);
    const next = visit();
    await next.desk.restore();
    expect(next.state.project.state).toBe('off');
  });

  it('is said to fail when the browser cannot write', async () => {
    vault.failing = true;
    const page = visit();
    await page.openModel();
    await page.rest();
    expect(page.state.project).toMatchObject({ state: 'failed', error: { message: 'the disk is full' } });
  });

  it('is not copied while something is timed', async () => {
    const { store, fake, pipeline } = visit();
    const due: (() => void)[] = [];
    const after = (_millis: number, work: () => void) => {
      due.push(work);
      return () => undefined;
    };
    const onKept = () => undefined;
    const keeper = new Keeper({ store, studio: fake.studio, pipeline, vault, after, onKept });
    const job = { id: 1, kind: 'measure', title: '', fraction: 0, doing: '' } as const;
    const model = modelSummary();
    store.setState({ job });
    keeper.modelOpened(model, modelFiles);
    store.setState({ model });
    for (const work of due) work();
    await breathe();
    expect(vault.packs.size).toBe(0);
    expect(vault.pieces.has(HEAD)).toBe(true);
    expect(store.getState().project.state).toBe('saving');
    store.setState({ job: { ...job, kind: 'evaluate' } });
    await breathe();
    expect([...vault.packs.keys()]).toEqual(['model-m1']);
    expect(store.getState().project.state).toBe('saved');
  });

  it('works without a place for the mark', async () => {
    const page = new Visit(vault, null);
    await page.desk.restore();
    await page.openModel();
    await page.rest();
    expect(vault.pieces.has(HEAD)).toBe(true);
  });
});
