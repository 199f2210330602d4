/** The Node runner on a hand-made graph: values, types, refusals, and that one failure does not poison the next call. */
import { describe, expect, it } from 'vitest';
import { createNodeRunner } from './node-runner.ts';

/** Protobuf by hand: a length-delimited field, and a varint field (both below 128 bytes, so one length byte each). */
const field = (number: number, body: readonly number[]): number[] => [number * 8 + 2, body.length, ...body];
const varint = (number: number, value: number): number[] => [number * 8, value];
const text = (value: string): number[] => [...new TextEncoder().encode(value)];
const DTYPE = { float32: 1, int64: 7 } as const;

/** value_info { name = 1, type = 2 { tensor_type = 1 { elem_type = 1, shape = 2 { dim = 1 { dim_value = 1 } } } } } */
function valueInfo(name: string, type: number, dims: readonly number[]): number[] {
  const shape = dims.flatMap((d) => field(1, varint(1, d)));
  return [...field(1, text(name)), ...field(2, field(1, [...varint(1, type), ...field(2, shape)]))];
}

/** ModelProto { ir_version = 1: 8, graph = 7 { node = 1, name = 2, input = 11, output = 12 }, opset_import = 8 { version = 2 } } */
function oneNodeModel(op: string, type: number): Uint8Array {
  const node = [
    ...field(1, text('a')),
    ...field(1, text('b')),
    ...field(2, text('c')),
    ...field(4, text(op)),
  ];
  const graph = [
    ...field(1, node),
    ...field(2, text('g')),
    ...field(11, valueInfo('a', type, [2])),
    ...field(11, valueInfo('b', type, [2])),
    ...field(12, valueInfo('c', type, [2])),
  ];
  return Uint8Array.from([...varint(1, 8), ...field(7, graph), ...field(8, varint(2, 17))]);
}

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
    const model = oneNodeModel('Add', DTYPE.float32);
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
      [oneNodeModel('Sub', DTYPE.int64)],
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
    const refused = runner.run([oneNodeModel('NoSuchOp', DTYPE.float32)], feeds, ['c']);
    const next = runner.run([oneNodeModel('Mul', DTYPE.float32)], feeds, ['c']);
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
    await expect(runner.run([oneNodeModel('Add', DTYPE.float32)], feeds, ['c'])).rejects.toMatchObject({
      code: 'unsupported',
    });
  });
});
