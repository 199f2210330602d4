/** The Node runner on a hand-made graph: values, types, refusals, and that one failure does not poison the next call. */
import { describe, expect, it } from 'vitest';
import { createNodeRunner } from './node-runner.ts';
import { ELEMENT, tinyModel } from './testing/tiny-model.ts';
import type { TinyValue } from './testing/tiny-model.ts';

const oneNodeModel = (op: string, element: TinyValue['element']) =>
  tinyModel({
    nodes: [{ op, inputs: ['a', 'b'], outputs: ['c'] }],
    inputs: [
      { name: 'a', element, dims: [2] },
      { name: 'b', element, dims: [2] },
    ],
    outputs: [{ name: 'c', element, dims: [2] }],
  });

const floats = (...values: number[]) => ({
  dataType: 'float32' as const,
  dims: [values.length],
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const longs = (...values: bigint[]) => ({
  dataType: 'int64' as const,
  dims: [values.length],
  bytes: new Uint8Array(BigInt64Array.from(values).buffer),
});

describe('node runner', () => {
  const runner = createNodeRunner();

  it('adds floats, from unaligned bytes given in parts', async () => {
    const model = oneNodeModel('Add', ELEMENT.float32);
    const unaligned = new Uint8Array(9);
    unaligned.set(floats(1, 2).bytes, 1);
    const a = { ...floats(1, 2), bytes: unaligned.subarray(1) };
    const cut = 20;
    const source = {
      size: model.length,
      read: (offset: number, length: number) => model.subarray(offset, offset + length),
    };
    const values = await runner.run(
      [model.subarray(0, cut), { source, start: cut, length: model.length - cut }],
      new Map([
        ['a', a],
        ['b', floats(10, 0.5)],
      ]),
      ['c'],
    );
    const c = values.get('c')!;
    expect(c.dataType).toBe('float32');
    expect(c.dims).toEqual([2]);
    expect([...new Float32Array(c.bytes.buffer)]).toEqual([11, 2.5]);
  });

  it('carries int64 exactly', async () => {
    const big = 2n ** 60n + 1n;
    const values = await runner.run(
      [oneNodeModel('Sub', ELEMENT.int64)],
      new Map([
        ['a', longs(big, 5n)],
        ['b', longs(1n, 7n)],
      ]),
      ['c'],
    );
    expect([...new BigInt64Array(values.get('c')!.bytes.buffer)]).toEqual([2n ** 60n, -2n]);
  });

  it('refuses with the words of the runtime, and the next call works', async () => {
    const feeds = new Map([
      ['a', floats(1, 2)],
      ['b', floats(3, 4)],
    ]);
    const refused = runner.run([oneNodeModel('NoSuchOp', ELEMENT.float32)], feeds, ['c']);
    const next = runner.run([oneNodeModel('Mul', ELEMENT.float32)], feeds, ['c']);
    await expect(refused).rejects.toMatchObject({ code: 'runtime-refused' });
    await expect(refused).rejects.toThrow(/NoSuchOp/);
    expect([...new Float32Array((await next).get('c')!.bytes.buffer)]).toEqual([3, 8]);
  });

  it('refuses bytes that are no model', async () => {
    await expect(runner.run([Uint8Array.of(1, 2, 3)], new Map(), ['c'])).rejects.toThrow(
      /not a readable model/,
    );
  });

  it('refuses a type that cannot be carried', async () => {
    const feeds = new Map([['a', { dataType: 'bfloat16' as const, dims: [2], bytes: new Uint8Array(4) }]]);
    await expect(runner.run([oneNodeModel('Add', ELEMENT.float32)], feeds, ['c'])).rejects.toMatchObject({
      code: 'unsupported',
    });
  });
});
