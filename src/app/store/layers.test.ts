import { describe, expect, it } from 'vitest';
import type { LayerSummary, VariantSummary } from '../../worker/api.ts';
import { layerRows, sortRows } from './layers.ts';
import { EMPTY_DRAFT, withLayerParam } from './recipe-edit.ts';
import { QUANTIZE } from './pass-names.ts';

const layer = (id: string, weightBytes: number, frozen?: string): LayerSummary => ({
  id,
  label: id,
  op: 'Conv',
  dims: [1],
  dataType: 'float32',
  elements: weightBytes / 4,
  weightBytes,
  ...(frozen === undefined ? {} : { frozen }),
});

const layers = [layer('a', 100), layer('b', 300), layer('c', 0, 'shared with a graph input')];

const variant: VariantSummary = {
  variantId: 'v',
  recipe: EMPTY_DRAFT.recipe,
  bytes: 1,
  fileName: '',
  millis: 1,
  kernels: {},
  steps: [
    {
      pass: 'p',
      changed: [{ layer: 'a', sparsity: 0.5, sqnrDb: 12 }],
      skipped: [{ layer: 'b', reason: 'too small' }],
      facts: {},
      millis: 1,
    },
    {
      pass: 'q',
      changed: [{ layer: 'a', precision: 'int8 ch', sqnrDb: 11.9 }],
      skipped: [],
      facts: {},
      millis: 1,
    },
  ],
};

describe('layerRows', () => {
  it('joins what is asked with what was done', () => {
    const { recipe } = withLayerParam(EMPTY_DRAFT, QUANTIZE, 'b', 'precision', 'fp16');
    const [a, b, c] = layerRows(layers, recipe, variant);
    expect(a).toMatchObject({ share: 0.25, donePrecision: 'int8 ch', doneSparsity: 0.5 });
    // Every step measures against the original: the last one says it all.
    expect(a?.sqnrDb).toBe(11.9);
    expect(b).toMatchObject({ share: 0.75, precision: 'fp16', skippedBy: { p: 'too small' } });
    expect(b?.sqnrDb).toBeUndefined();
    expect(c?.layer.frozen).toBe('shared with a graph input');
    expect(c?.skippedBy).toEqual({});
  });

  it('sorts by size and by damage, untouched layers last', () => {
    const rows = layerRows(layers, EMPTY_DRAFT.recipe, variant);
    const ids = (order: 'model' | 'bytes' | 'error') => sortRows(rows, order).map((row) => row.layer.id);
    expect(ids('model')).toEqual(['a', 'b', 'c']);
    expect(ids('bytes')).toEqual(['b', 'a', 'c']);
    expect(ids('error')[0]).toBe('a');
  });
});
