/** Tables, texts and sounds as sets. */
import { describe, expect, it } from 'vitest';
import { buildWav } from '../testing/build-arrays.ts';
import { bytesOf } from '../testing/build-zip.ts';
import { errorOf, groupsOf, labelsOf, openTestSet, problemOf } from '../testing/open-test-set.ts';

describe('tables', () => {
  const csv = 'age;income;site;label\n30;1,5;north;yes\n40;2;south;no\n50;;north;yes\n60;4;north;no\n';

  it('columns of numbers, a label, groups', async () => {
    const set = await openTestSet({ 'people.csv': csv });
    expect(set.kind).toBe('table');
    expect(set.sources).toEqual([
      { name: 'columns', kind: 'columns', dataType: 'float64', dims: [2], columns: ['age', 'income'] },
    ]);
    expect(labelsOf(set)).toEqual(['yes', 'no', 'yes', 'no']);
    expect(groupsOf(set, 'site')).toEqual(['north', 'south', 'north', 'north']);
    expect((await set.read(0)).get('columns')).toEqual({
      kind: 'array',
      dataType: 'float64',
      dims: [2],
      values: Float64Array.of(30, 1.5),
    });
    expect((await errorOf(() => set.read(2))).message).toMatch(
      /people\[2\] has no number in column "income"/,
    );
    expect(set.info(3).key).toBe('people[3]');
  });

  it('without a header the column of words is the label', async () => {
    const set = await openTestSet({
      'iris.csv': '5.1,3.5,setosa\n4.9,3,setosa\n6,2.2,virginica\n6.1,2.8,virginica\n',
    });
    expect(set.length).toBe(4);
    expect(set.sources[0].columns).toEqual(['column 1', 'column 2']);
    expect(labelsOf(set)).toEqual(['setosa', 'setosa', 'virginica', 'virginica']);
  });

  it('a number to predict', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => `${i},${i * 3}`);
    const set = await openTestSet({ 'r.csv': ['x,target', ...rows].join('\n') });
    expect(set.summary().label).toBe('numbers');
    expect(labelsOf(set)[7]).toBe('21');
  });

  it('cells that are no numbers and rows of another width are told', async () => {
    const body = Array.from({ length: 20 }, (_, i) => `${i},${i},0`);
    body[3] = 'x,1,0';
    body[4] = '1,2';
    const set = await openTestSet({ 't.csv': ['a,b,label', ...body].join('\n') });
    expect(problemOf(set, 'not-a-number')).toMatchObject({ count: 1, examples: ['t.csv row 4'] });
    expect(problemOf(set, 'row-width')).toMatchObject({ count: 1, examples: ['t.csv row 5'] });
    expect(set.length).toBe(20);
  });

  it('quotes that hold line ends, over the border of pieces', async () => {
    // More than one piece of 4 MiB.
    const text = `"a ""quoted""\nline"`;
    const rows = Array.from({ length: 300_000 }, (_, i) => `${i},${i % 2},${text}`);
    const set = await openTestSet({ 'q.csv': `id,label,note\n${rows.join('\n')}\n` });
    expect(set.length).toBe(300_000);
    expect(set.summary().classes.map(({ count }) => count)).toEqual([150_000, 150_000]);
    expect(set.info(299_999).groups).toEqual({ note: 'a "quoted"\nline' });
    expect((await set.read(299_999)).get('columns')).toMatchObject({ values: Float64Array.of(299_999) });
  });

  it('a table of missing pictures, an empty one, a binary one: a sentence', async () => {
    expect(
      (await errorOf(() => openTestSet({ 'labels.csv': 'file,label\na.png,1\nb.png,2\n' }))).message,
    ).toMatch(/names files \(a\.png\) that are not in the set/);
    expect((await errorOf(() => openTestSet({ 'a.csv': 'text,label\n' }))).message).toMatch(
      /a\.csv holds no rows/,
    );
    expect((await errorOf(() => openTestSet({ 'a.csv': Uint8Array.of(1, 0, 2, 0, 3) }))).message).toMatch(
      /not a text file/,
    );
  });
});

describe('sounds and texts', () => {
  const tone = buildWav(new Uint8Array(Int16Array.of(0, 16384).buffer), { sampleRate: 8000 });

  it('wav files in folders', async () => {
    const set = await openTestSet({
      'w/yes/1.wav': tone,
      'w/no/1.wav': tone,
      'w/no/2.wav': bytesOf('nothing'),
      'w/no/3.mp3': bytesOf('ID3'),
    });
    expect(set.kind).toBe('audio');
    expect(set.sources).toEqual([{ name: 'audio', kind: 'audio', dataType: 'float32', dims: [2] }]);
    expect(labelsOf(set)).toEqual(['no', 'no', 'yes']);
    expect((await set.read(2)).get('audio')).toEqual({
      kind: 'audio',
      sampleRate: 8000,
      samples: Float32Array.of(0, 0.5),
    });
    expect((await errorOf(() => set.read(1))).message).toMatch(/2\.wav is not a WAV file/);
    expect(problemOf(set, 'unused-file')?.message).toMatch(/other format than WAV/);
  });

  it('wav files with a csv', async () => {
    const set = await openTestSet({
      'a.wav': tone,
      'b.wav': tone,
      'meta.csv': 'filename,category,fold\na.wav,rain,1\nb.wav,dog,2\n',
    });
    expect(labelsOf(set)).toEqual(['rain', 'dog']);
    expect(groupsOf(set, 'fold')).toEqual(['1', '2']);
  });

  it('a csv of texts with a tokenizer', async () => {
    const csv = 'text,label,id\n"good, really",1,7\nbad,0,8\n"two\nlines",1,9\n';
    const set = await openTestSet({ 'reviews.csv': csv, 'tokenizer.json': '{"model":{}}' });
    expect(set.kind).toBe('text');
    expect(set.sources).toEqual([{ name: 'text', kind: 'text' }]);
    expect(labelsOf(set)).toEqual(['1', '0', '1']);
    expect((await set.read(2)).get('text')).toEqual({ kind: 'text', text: 'two\nlines' });
    expect(set.texts.get('tokenizer.json')).toBe('{"model":{}}');
  });

  it('pairs of sentences are two sources', async () => {
    const set = await openTestSet({
      'p.tsv': 'sentence1\tsentence2\tlabel\na b\tc d\t0\ne f\tg h\t1\n',
      'tokenizer.json': '{}',
    });
    expect(set.sources.map(({ name }) => name)).toEqual(['sentence1', 'sentence2']);
    expect([...(await set.read(1)).values()]).toEqual([
      { kind: 'text', text: 'e f' },
      { kind: 'text', text: 'g h' },
    ]);
  });

  it('lines of text, with and without labels', async () => {
    const plain = await openTestSet({ 'lines.txt': 'one, "two\r\nthree\n\nfour\n', 'tokenizer.json': '{}' });
    expect(plain.length).toBe(3);
    expect((await plain.read(0)).get('text')).toEqual({ kind: 'text', text: 'one, "two' });
    const tabbed = await openTestSet({
      'lines.txt': 'good film\tpos\nbad film\tneg\nfine film\tpos\n',
      'tokenizer.json': '{}',
    });
    expect(tabbed.kind).toBe('text');
    expect(labelsOf(tabbed)).toEqual(['pos', 'neg', 'pos']);
  });

  it('says that the tokenizer is missing', async () => {
    expect(problemOf(await openTestSet({ 'lines.txt': 'a\nb\n' }), 'no-tokenizer')).toBeDefined();
  });

  it('many text files are a sample each', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 22 }, (_, i) => [`${i < 11 ? 'neg' : 'pos'}/${i}.txt`, `review ${i}`]),
    );
    const set = await openTestSet({ ...files, 'tokenizer.json': '{}' });
    expect(set.kind).toBe('text');
    expect(set.length).toBe(22);
    expect(set.classes).toEqual(['neg', 'pos']);
    expect((await set.read(0)).get('text')).toEqual({ kind: 'text', text: 'review 0' });
  });
});
