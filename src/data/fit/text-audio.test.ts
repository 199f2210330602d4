import { describe, expect, it } from 'vitest';
import type { TextFit } from '../../core/dataset/types.ts';
import { resampleAudio, writeAudio } from './audio-fit.ts';
import { createTextEncoder, writeText } from './text-fit.ts';
import { allocate } from './values.ts';

/** The smallest WordPiece description with marks around a text. */
const tokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, a: 4, b: 5, c: 6, d: 7, '##b': 8 },
  },
};
const texts = new Map([['model/tokenizer.json', JSON.stringify(tokenizer)]]);

function fed(text: string, role: TextFit['role'], length: number): number[] {
  const out = allocate('int64', length);
  writeText(text, createTextEncoder(texts), { kind: 'text', source: 'text', role, length }, 'int64', out, 0);
  return Array.from(out as BigInt64Array, Number);
}

describe('text', () => {
  it('is padded, with its mask, types and positions', () => {
    expect(fed('A b x', 'ids', 7)).toEqual([2, 4, 5, 1, 3, 0, 0]);
    expect(fed('A b x', 'mask', 7)).toEqual([1, 1, 1, 1, 1, 0, 0]);
    expect(fed('A b x', 'types', 7)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(fed('A b x', 'positions', 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('is cut inside its marks', () => {
    expect(fed('a b c d a b c d', 'ids', 5)).toEqual([2, 4, 5, 6, 3]);
    expect(fed('a b c d a b c d', 'mask', 5)).toEqual([1, 1, 1, 1, 1]);
  });

  it('of nothing is its marks', () => {
    expect(fed('', 'ids', 3)).toEqual([2, 3, 0]);
  });

  it('needs a tokenizer, and one that makes sense', () => {
    expect(() => createTextEncoder(new Map())).toThrow(/there is no tokenizer\.json/);
    expect(() => createTextEncoder(new Map([['tokenizer.json', '{']]))).toThrow(/tokenizer\.json is no JSON/);
    expect(() => createTextEncoder(new Map([['tokenizer.json', '{"model":{"type":"None"}}']]))).toThrow(
      /cannot be used/,
    );
  });
});

describe('sound', () => {
  const tone = (hertz: number, rate: number, count: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));

  it('keeps a tone when the rate changes', () => {
    for (const [from, to] of [
      [44_100, 16_000],
      [8_000, 16_000],
      [48_000, 44_100],
    ] as const) {
      const found = resampleAudio(tone(440, from, from), from, to, to);
      const wanted = tone(440, to, to);
      expect(found.length).toBe(to);
      // Away from the ends; the window's ripple is below one part in a hundred.
      for (let i = 100; i < to - 100; i += 7) expect(Math.abs(found[i] - wanted[i])).toBeLessThan(0.01);
    }
  });

  it('does not fold back what is above the new rate’s half', () => {
    const found = resampleAudio(tone(11_000, 44_100, 44_100), 44_100, 16_000, 16_000);
    for (let i = 100; i < 15_900; i += 3) expect(Math.abs(found[i])).toBeLessThan(0.02);
  });

  it('is cut or filled with silence', () => {
    const out = allocate('float32', 5);
    const raw = { kind: 'audio', sampleRate: 10, samples: Float32Array.of(0.5, -0.5, 0.25) } as const;
    const fit = { kind: 'audio', source: 'audio', sampleRate: 10, length: 5, dims: [5], scale: 2 } as const;
    writeAudio(raw, fit, 'float32', out, 0);
    expect([...(out as Float32Array)]).toEqual([1, -1, 0.5, 0, 0]);
    writeAudio(raw, { ...fit, length: 2, dims: [1, 2] }, 'float32', out, 3);
    expect([...(out as Float32Array)]).toEqual([1, -1, 0.5, 1, -1]);
  });

  it('with NaN is refused', () => {
    const raw = { kind: 'audio', sampleRate: 10, samples: Float32Array.of(Number.NaN) } as const;
    const fit = { kind: 'audio', source: 'audio', sampleRate: 10, length: 1, dims: [1], scale: 1 } as const;
    expect(() => writeAudio(raw, fit, 'float32', allocate('float32', 1), 0)).toThrow(/NaN at sample 0/);
  });
});
