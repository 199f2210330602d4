/** Reading back that fails, races between closing, saving and copying: nothing is lost, and nothing is called saved that is not. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ORIGINAL } from '../store/state.ts';
import { dataSummary, modelSummary } from '../store/testing/fake-studio.ts';
import { HEAD } from './project-record.ts';
import { MemoryVault } from './testing/memory-vault.ts';
import { Marks, Visit, breathe, firstVisit, modelFiles } from './testing/visit.ts';

let vault: MemoryVault;
let marks: Marks;

const packs = (): readonly string[] => [...vault.packs.keys()].sort();
const BOTH = ['data-d1', 'model-m1'];

/** Reads until there is nothing to try again. */
async function reload(): Promise<Visit> {
  const page = new Visit(vault, marks);
  void page.desk.restore();
  await breathe();
  await page.rest();
  return page;
}

async function answerAll(page: Visit): Promise<void> {
  await page.fake.last('addData').succeed(dataSummary());
  await breathe();
  await page.fake.last('open').succeed(modelSummary());
  await breathe();
}

function put(pieces: ReadonlyMap<string, unknown>): void {
  vault.pieces.clear();
  for (const [name, piece] of pieces) vault.pieces.set(name, piece);
}

beforeEach(async () => {
  vault = new MemoryVault();
  marks = new Marks();
  await firstVisit(vault, marks);
  expect(packs()).toEqual(BOTH);
});

describe('files that cannot be read at once', () => {
  it('are read again, so that the project comes back whole', async () => {
    vault.unreadable = 2;
    const page = await reload();
    await answerAll(page);
    expect(Object.keys(page.state.entries)).toEqual([ORIGINAL, 'v1']);
    expect(page.state.project).toEqual({ state: 'saved', missing: [], error: null });
  });

  it('are never deleted for that, and a later visit has them', async () => {
    vault.unreadable = Infinity;
    const page = await reload();
    expect(page.state.model).toBeNull();
    expect(page.state.project.missing.map(({ what, unopened }) => [what, unopened])).toEqual([
      ['model', true],
      ['data', true],
    ]);
    expect(page.state.project.state).toBe('failed');
    expect(page.state.notices.map(({ error }) => error.message)).toEqual([
      'The copy of photos/a.png in this browser could not be opened: the file is busy',
      'The copy of model.onnx in this browser could not be opened: the file is busy',
    ]);
    expect(packs()).toEqual(BOTH);
    vault.unreadable = 0;
    const next = await reload();
    await answerAll(next);
    expect(Object.keys(next.state.entries)).toEqual([ORIGINAL, 'v1']);
    expect(next.state.data?.config?.exclude).toEqual(['b']);
  });

  it('stay where only the data cannot be read, also after the study went on', async () => {
    vault.unreadable = 3;
    const page = await reload();
    await page.fake.last('open').succeed(modelSummary());
    expect(page.state.project.missing.map(({ what }) => what)).toEqual(['data']);
    page.desk.setGoal(null);
    await page.rest();
    expect(vault.needed).toContain('data-d1');
    expect(packs()).toEqual(BOTH);
    await answerAll(await reload());
    expect(packs()).toEqual(BOTH);
  });
});

describe('a kept model that is not opened', () => {
  it('is opened once more when the worker failed', async () => {
    const page = await reload();
    await page.fake.last('addData').succeed(dataSummary());
    await breathe();
    await page.fake.last('open').fail({ code: 'runtime-crashed', message: 'A worker stopped.' });
    await breathe();
    expect(page.count('open')).toBe(2);
    await page.fake.last('open').succeed(modelSummary());
    expect(Object.keys(page.state.entries)).toEqual([ORIGINAL, 'v1']);
    expect(page.state.project).toEqual({ state: 'saved', missing: [], error: null });
    expect(page.state.notices).toEqual([]);
  });

  it('is said to be kept when the user stopped it', async () => {
    const page = await reload();
    await page.fake.last('addData').succeed(dataSummary());
    await breathe();
    page.pipeline.cancel();
    await breathe();
    expect(page.count('open')).toBe(1);
    expect(page.state.notices.at(-1)?.error.message).toContain('opening was stopped');
    expect(packs()).toEqual(BOTH);
    await answerAll(await reload());
    expect(packs()).toEqual(BOTH);
  });
});

describe('pieces that cannot be read', () => {
  it('are read again, and are not deleted', async () => {
    vault.unreadablePieces = 1;
    await answerAll(await reload());
    vault.unreadablePieces = 3;
    const page = await reload();
    expect(page.state.project.state).toBe('failed');
    expect(page.state.notices[0]?.error.hint).toContain('Nothing of it was deleted');
    expect([vault.pieces.has(HEAD), packs(), marks.marks.size]).toEqual([true, BOTH, 1]);
  });
});

describe('packs', () => {
  it('of the stored project stay when another tab tidies up while this one is between two pages', async () => {
    const mine = new Map(vault.pieces);
    const others = new MemoryVault();
    const other = new Visit(others, new Marks());
    await other.openModel('m2');
    await other.rest();
    put(others.pieces);
    for (const [name, pack] of others.packs) vault.packs.set(name, pack);
    const page = await reload();
    // Meanwhile the tab of the first project stores it and is reloaded: nothing holds its packs.
    put(mine);
    await page.fake.last('open').succeed(modelSummary({ modelId: 'm2' }));
    await breathe();
    expect(page.state.model?.modelId).toBe('m2');
    expect(packs()).toEqual([...BOTH, 'model-m2']);
  });

  it('that came out of the vault are not written over', async () => {
    let copies = 0;
    const keep = vault.keepFiles.bind(vault);
    vault.keepFiles = (...call) => {
      copies++;
      return keep(...call);
    };
    await answerAll(await reload());
    expect(copies).toBe(0);
  });
});

describe('saved', () => {
  it('is only said when the pieces that speak of the files are written', async () => {
    vault = new MemoryVault();
    let write: () => void = () => undefined;
    vault.writable = new Promise((resolve) => (write = resolve));
    const page = new Visit(vault, new Marks());
    await page.openModel();
    await page.rest();
    expect(packs()).toEqual(['model-m1']);
    expect(page.state.project.state).toBe('saving');
    write();
    await breathe();
    expect(page.state.project.state).toBe('saved');
  });

  it('is not said of a project whose file could not be copied, however often it is written', async () => {
    vault = new MemoryVault();
    vault.limit = 3;
    const page = new Visit(vault, new Marks());
    await page.openModel();
    await page.rest();
    page.desk.setEnergy({ gridGramsPerKwh: 1 });
    await page.rest();
    expect(page.state.project).toMatchObject({ state: 'failed', error: { code: 'too-large' } });
  });

  it('is true of a project that is begun while the one before is still being forgotten', async () => {
    vault = new MemoryVault();
    const page = await firstVisit(vault, marks);
    let write: () => void = () => undefined;
    vault.writable = new Promise((resolve) => (write = resolve));
    const closing = page.desk.closeProject();
    await page.openModel('m2', modelFiles);
    await page.rest();
    write();
    await closing;
    await page.rest();
    expect(page.state.project.state).toBe('saved');
    expect(packs()).toEqual(['model-m2']);
    expect(vault.pieces.get(HEAD)).toMatchObject({ model: { modelId: 'm2' } });
    expect(marks.marks.size).toBe(1);
  });
});
