import { describe, expect, it } from 'vitest';
import type { DataConfig } from '../../../core/dataset/types.ts';
import { TASK_KINDS, draftOf, fieldGroups, parseDraft, taskOfKind } from './fit-fields.ts';

const OUTPUTS = ['logits', 'aux'];
const config: DataConfig = {
  format: 'pare-data',
  version: 1,
  name: 'photos',
  inputs: {
    'a/b': {
      kind: 'image',
      source: 'image',
      width: 224,
      height: 192,
      resize: 'crop',
      shortSide: 256,
      channels: 'rgb',
      layout: 'nchw',
      scale: 1 / 255,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    },
  },
  task: { kind: 'classification', output: 'logits', values: 'logits', classOffset: 0 },
  classes: ['cat', 'dog'],
  split: { seed: 1, calibration: 100, holdBack: 0.2 },
  exclude: ['x.png'],
};
const AT = 'inputs/a~1b';
const draft = draftOf(config, OUTPUTS);
const parse = (over: Record<string, string>) => parseDraft(config, { ...draft, ...over }, OUTPUTS);

describe('the editor of a description', () => {
  it('gives back what it was opened with', () => {
    expect(draft[`${AT}/mean`]).toBe('0.485, 0.456, 0.406');
    expect(draft['split/holdBack']).toBe('20');
    expect(draft['classes']).toBe('cat\ndog');
    expect(parse({})).toEqual({ ok: true, config });
  });

  it('gives back every kind of input and task', () => {
    const inputs = {
      a: { kind: 'array', source: 'x', dims: [3, 4], scale: 1, mean: 0, std: 1 },
      c: { kind: 'columns', columns: ['p', 'q'], dims: [2], scale: 1, mean: [0, 1], std: [1, 2] },
      s: { kind: 'audio', source: 's', sampleRate: 16_000, length: 8000, dims: [8000], scale: 1 },
      t: { kind: 'text', source: 't', role: 'mask', length: 128 },
      k: { kind: 'constant', dims: [1], value: 0.5 },
    } as const;
    for (const kind of TASK_KINDS) {
      const other = { ...config, inputs, task: taskOfKind(kind, config.task, OUTPUTS) };
      expect(parseDraft(other, draftOf(other, OUTPUTS), OUTPUTS)).toEqual({ ok: true, config: other });
    }
  });

  it('changes what was typed and nothing else', () => {
    const parsed = parse({ [`${AT}/width`]: '160', classes: 'dog\ncat\n', 'split/holdBack': '12.5' });
    if (!parsed.ok) throw new Error('refused');
    expect(parsed.config.inputs['a/b']).toEqual({ ...config.inputs['a/b'], width: 160 });
    expect(parsed.config.classes).toEqual(['dog', 'cat']);
    expect(parsed.config.split.holdBack).toBe(0.125);
    expect(parsed.config.exclude).toEqual(['x.png']);
  });

  it('takes an empty short side as none', () => {
    const parsed = parse({ [`${AT}/shortSide`]: '' });
    expect(parsed.ok && 'shortSide' in parsed.config.inputs['a/b']).toBe(false);
  });

  it('spreads one number over the channels, and refuses a wrong count', () => {
    const parsed = parse({ [`${AT}/mean`]: '127.5', [`${AT}/std`]: '127.5' });
    expect(parsed.ok && parsed.config.inputs['a/b']).toMatchObject({ mean: [127.5, 127.5, 127.5] });
    expect(parse({ [`${AT}/channels`]: 'gray' })).toEqual({
      ok: false,
      errors: {
        [`${AT}/mean`]: 'One number is expected, 3 were found.',
        [`${AT}/std`]: 'One number is expected, 3 were found.',
      },
    });
    expect(parse({ [`${AT}/channels`]: 'gray', [`${AT}/mean`]: '0, 0, 0', [`${AT}/std`]: '1' }).ok).toBe(
      true,
    );
  });

  it('says under each field what is wrong', () => {
    const wrong: readonly (readonly [string, string, string])[] = [
      [`${AT}/width`, '0', 'It must be 1 or more.'],
      [`${AT}/width`, '2.5', 'Type a whole number.'],
      [`${AT}/scale`, '', 'Type a number.'],
      [`${AT}/std`, '1, 0, 1', '0: A deviation must be above 0.'],
      [`${AT}/mean`, 'a b', 'a: Type a number.'],
      [`${AT}/resize`, 'squeeze', 'Choose one of the list.'],
      ['split/holdBack', '60', 'It must be 50 or less.'],
    ];
    for (const [path, text, error] of wrong) {
      expect(parse({ [path]: text })).toEqual({ ok: false, errors: { [path]: error } });
    }
  });

  it('keeps the output when the task changes', () => {
    const aux = { ...config.task, output: 'aux' } as const;
    expect(taskOfKind('regression', aux, OUTPUTS)).toEqual({ kind: 'regression', output: 'aux' });
    expect(taskOfKind('classification', aux, OUTPUTS)).toBe(aux);
  });

  it('has a label for every field', () => {
    const labels = fieldGroups(config, OUTPUTS).flatMap(({ fields }) => fields.map(({ label }) => label));
    expect(labels).toContain('Held back, %');
    expect(labels.every((label) => label.length > 0)).toBe(true);
  });
});
