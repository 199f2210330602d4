/** Files of labels in every shape in use, and what does not fit the samples. */
import { describe, expect, it } from 'vitest';
import { keysOf, labelsOf, openTestSet, pictures, problemOf } from '../testing/open-test-set.ts';

describe('a file of labels', () => {
  const files = pictures('images/a.png', 'images/b.png', 'images/c.png');

  it.each([
    ['commas', 'file,label\nimages/a.png,cat\nimages/b.png,dog\nimages/c.png,cat\n'],
    ['semicolons', 'file;label\nimages/a.png;cat\nimages/b.png;dog\nimages/c.png;cat\n'],
    ['tabs', 'file\tlabel\nimages/a.png\tcat\nimages/b.png\tdog\nimages/c.png\tcat\n'],
    ['bars', 'file|label\nimages/a.png|cat\nimages/b.png|dog\nimages/c.png|cat\n'],
    ['spaces, no header', 'images/a.png cat\nimages/b.png dog\nimages/c.png cat\n'],
    ['a BOM', '\ufefffile,label\nimages/a.png,cat\nimages/b.png,dog\nimages/c.png,cat\n'],
    [
      'CRLF and quotes',
      '"file","label"\r\n"images/a.png","cat"\r\n"images/b.png","dog"\r\n"images/c.png","cat"\r\n',
    ],
    ['no header', 'images/a.png,cat\nimages/b.png,dog\nimages/c.png,cat\n'],
    ['other names and order', 'class,filename\ncat,a.png\ndog,b.png\ncat,c.png'],
    ['names without extension', 'image_id,species\na,cat\nb,dog\nc,cat'],
    [
      'absolute and Windows paths',
      'path,target\n/home/me/images/a.png,cat\nC:\\data\\images\\b.png,dog\n.\\images\\c.png,cat',
    ],
  ])('csv with %s', async (_, csv) => {
    const set = await openTestSet({ ...files, 'labels.csv': csv });
    expect(labelsOf(set)).toEqual(['cat', 'dog', 'cat']);
    expect(set.problems.filter(({ severity }) => severity !== 'note')).toEqual([]);
  });

  it('UTF-16 as spreadsheets save it', async () => {
    const text = '\ufefffile\tlabel\nimages/a.png\tKüche\nimages/b.png\t猫\nimages/c.png\tKüche\n';
    const utf16 = new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer);
    expect(labelsOf(await openTestSet({ ...files, 'labels.csv': utf16 }))).toEqual(['Küche', '猫', 'Küche']);
  });

  it('numbers with a name beside them', async () => {
    const csv = 'file,label,name\na.png,10,tench\nb.png,2,shark\nc.png,10,tench\n';
    const set = await openTestSet({ ...files, 'labels.csv': csv });
    expect(set.classes).toEqual(['2', '10']);
    expect(set.classTitles).toEqual(['shark', 'tench']);
    expect(labelsOf(set)).toEqual(['10', '2', '10']);
    expect(set.summary().classes).toEqual([
      { name: '2', count: 1, title: 'shark' },
      { name: '10', count: 2, title: 'tench' },
    ]);
  });

  it('further columns group the samples', async () => {
    const csv = 'file,label,site,camera\na.png,0,north,x\nb.png,1,south,\nc.png,0,north,y\n';
    const set = await openTestSet({ ...files, 'labels.csv': csv });
    expect(set.info(0).groups).toEqual({ site: 'north', camera: 'x' });
    expect(set.info(1).groups).toEqual({ site: 'south' });
    expect(set.summary().groups).toEqual([
      {
        column: 'site',
        values: [
          { name: 'north', count: 2 },
          { name: 'south', count: 1 },
        ],
      },
      {
        column: 'camera',
        values: [
          { name: 'x', count: 1 },
          { name: 'y', count: 1 },
        ],
      },
    ]);
  });

  it('a column of more than 50 values is left out, with a note', async () => {
    const many = Array.from({ length: 51 }, (_, i) => `p${i}.png`);
    const csv = ['file,label,person,even', ...many.map((name, i) => `${name},0,person ${i},${i % 2}`)].join(
      '\n',
    );
    const set = await openTestSet({ ...pictures(...many), 'labels.csv': csv });
    expect(Object.keys(set.info(0).groups)).toEqual(['even']);
    expect(problemOf(set, 'group-left-out')?.examples).toEqual(['person']);
  });

  it('texts that are mostly different', async () => {
    const csv = 'file,text\na.png,"$1,234"\nb.png,hello\nc.png,hello\n';
    const set = await openTestSet({ ...files, 'labels.csv': csv });
    expect(set.summary().label).toBe('text');
    expect(labelsOf(set)).toEqual(['$1,234', 'hello', 'hello']);
  });

  it('numbers to predict', async () => {
    const one = await openTestSet({ ...files, 'labels.csv': 'file,label\na.png,0.5\nb.png,-1\nc.png,7\n' });
    expect(one.summary().label).toBe('numbers');
    expect(labelsOf(one)).toEqual(['0.5', '-1', '7']);
    const two = await openTestSet({
      ...files,
      'labels.csv': 'file,y_0,y_1\na.png,1,2\nb.png,3,4\nc.png,5,\n',
    });
    expect(labelsOf(two)).toEqual(['1 2', '3 4', '-']);
  });

  it.each([
    [
      'objects',
      [
        { file: 'a.png', label: 'cat' },
        { file: 'b.png', label: 'dog' },
        { file: 'images/c.png', label: 'cat' },
      ],
    ],
    [
      'pairs',
      {
        labels: [
          ['a.png', 'cat'],
          ['b.png', 'dog'],
          ['c.png', 'cat'],
        ],
      },
    ],
    ['a map', { 'a.png': 'cat', 'b.png': 'dog', 'c.png': 'cat' }],
    ['a map of objects', { 'a.png': { label: 'cat' }, 'b.png': { label: 'dog' }, 'c.png': { label: 'cat' } }],
  ])('json of %s', async (_, value) => {
    const set = await openTestSet({ ...files, 'labels.json': JSON.stringify(value) });
    expect(labelsOf(set)).toEqual(['cat', 'dog', 'cat']);
  });

  it('json with a list of numbers each', async () => {
    const set = await openTestSet({ ...files, 'labels.json': '{"a.png":[1,2],"b.png":[3,4],"c.png":[5,6]}' });
    expect(labelsOf(set)).toEqual(['1 2', '3 4', '5 6']);
  });

  it('says what does not fit', async () => {
    const csv = 'file,label\na.png,cat\na.png,cat\na.png,dog\ngone.png,cat\nb.png,\n';
    const set = await openTestSet({ ...files, 'labels.csv': csv });
    expect(labelsOf(set)).toEqual(['cat', '-', '-']);
    expect(problemOf(set, 'duplicate-row')).toMatchObject({
      count: 1,
      severity: 'note',
      examples: ['images/a.png'],
    });
    expect(problemOf(set, 'label-conflict')).toMatchObject({ count: 1, severity: 'warning' });
    expect(problemOf(set, 'file-missing')).toMatchObject({ count: 1, examples: ['gone.png'] });
    expect(problemOf(set, 'label-missing')).toMatchObject({
      count: 2,
      examples: ['images/b.png', 'images/c.png'],
    });
  });

  it('names that several files have need their folder', async () => {
    const two = pictures('x/a.png', 'y/a.png');
    const bare = await openTestSet({ ...two, 'labels.csv': 'file,label\na.png,1\n' });
    expect(problemOf(bare, 'label-ambiguous')).toMatchObject({ count: 1 });
    const full = await openTestSet({ ...two, 'labels.csv': 'file,label\ny/a.png,1\nx/a.png,0\n' });
    expect(labelsOf(full)).toEqual(['0', '1']);
  });

  it('negative class numbers are told', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `p${i}.png`);
    const csv = ['file,label', ...names.map((name, i) => `${name},${i === 3 ? -1 : i % 2}`)].join('\n');
    const set = await openTestSet({ ...pictures(...names), 'labels.csv': csv });
    expect(problemOf(set, 'label-out-of-range')).toMatchObject({ count: 1, examples: ['p3.png'] });
    expect(set.classes).toEqual(['0', '1']);
    expect(set.info(3).label).toBeNull();
  });

  it('broken JSON is told, and the folders are used', async () => {
    const set = await openTestSet({ ...pictures('cat/a.png', 'dog/b.png'), 'labels.json': '{"a.png": ' });
    expect(problemOf(set, 'unreadable-labels')?.message).toMatch(/labels\.json is not valid JSON/);
    expect(labelsOf(set)).toEqual(['cat', 'dog']);
  });

  it('the fuller of two label files is used, the other told', async () => {
    const set = await openTestSet({
      ...files,
      'a.csv': 'file,label\na.png,no\n',
      'b.csv': 'file,label\na.png,cat\nb.png,dog\nc.png,cat\n',
    });
    expect(labelsOf(set)).toEqual(['cat', 'dog', 'cat']);
    expect(problemOf(set, 'unused-labels')).toMatchObject({ examples: ['a.csv'] });
  });

  it('a list of more files than the set holds is used; one of none of them is told', async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => `images/p${i}.png,${i % 3}`);
    const csv = ['file,label', ...rows].join('\n');
    const some = await openTestSet({ ...pictures('images/p997.png', 'images/p998.png'), 'val.csv': csv });
    expect(labelsOf(some)).toEqual(['1', '2']);
    expect(problemOf(some, 'file-missing')).toMatchObject({ count: 998 });
    const none = await openTestSet({ ...files, 'val.csv': csv });
    expect(problemOf(none, 'labels-without-files')?.message).toMatch(
      /val\.csv lists files, but none of those in the set/,
    );
  });

  it('many files of one name are told apart by their folders', async () => {
    const paths = Array.from({ length: 200 }, (_, i) => `d/s${i}/frame.png`);
    const csv = [
      'file,label',
      ...paths.map((path, i) => `elsewhere/${path.slice(2)},${i % 2}`),
      'frame.png,1',
    ].join('\n');
    const set = await openTestSet({ ...pictures(...paths), 'labels.csv': csv });
    expect(labelsOf(set).filter((label) => label === '-')).toEqual([]);
    expect(set.info(keysOf(set).indexOf('d/s7/frame.png')).label).toEqual({ kind: 'class', name: '1' });
    expect(problemOf(set, 'label-ambiguous')).toMatchObject({ count: 1, examples: ['frame.png'] });
  });

  it('ö in two forms is one letter', async () => {
    const set = await openTestSet({
      ...pictures('d/o\u0308l.png'),
      'd/labels.csv': 'file,label\n\u00f6l.png,1\n',
    });
    expect(labelsOf(set)).toEqual(['1']);
  });
});
