import { describe, expect, it } from 'vitest';
import { PartsSource } from '../bytes/parts-source.ts';
import {
  concatParts,
  hollowSpan,
  isSpan,
  MemorySource,
  partsLength,
  readSpan,
  spanOf,
} from '../bytes/spans.ts';
import type { ByteSource } from '../bytes/source.ts';
import {
  attribute,
  constantNode,
  floatTensor,
  graph,
  graphValue,
  int,
  int64Tensor,
  ints,
  model,
  node,
  rawTensor,
  stringTensor,
  tensorValue,
  text,
  texts,
  valueInfo,
} from './build.ts';
import { openDraft } from './draft.ts';
import type { Model, Tensor, TypeInfo } from './ir.ts';
import { readModel } from './read.ts';
import { tensorBytes, tensorFloats, tensorStrings } from './tensor-data.ts';
import { assertValid, verifyModel } from './verify.ts';
import { PartSink } from './wire-write.ts';
import { messageLength, reencodeModel, sizeOf, sizesOf, writeModel } from './write.ts';

const bytesOf = (m: Model): Uint8Array => concatParts(writeModel(m).model);
const open = (m: Model): Model => readModel(new MemorySource(bytesOf(m)));
const code = (c: string): unknown => expect.objectContaining({ code: c });

const hollowTensor = (name: string, floats: number): Tensor => ({
  ...rawTensor(name, 'float32', [floats], new Uint8Array(0)),
  data: { kind: 'raw', bytes: hollowSpan(floats * 4) },
});

function withWeights(...initializers: Tensor[]): Model {
  const names = initializers.map((t) => t.name);
  return model(
    graph({
      nodes: [node('Sum', ['x', ...names], ['y'])],
      initializers,
      inputs: [valueInfo('x', 'float32', ['n'])],
      outputs: [valueInfo('y', 'float32', ['n'])],
    }),
  );
}

/** A field with a number that onnx.proto does not have. */
function unknownField(marker: string): Uint8Array {
  const sink = new PartSink();
  sink.text(9999, marker);
  return concatParts(sink.finish());
}

describe('writing', () => {
  it('gives back what was built', () => {
    const inner = graph({
      name: 'inner',
      nodes: [node('Neg', ['x'], ['i'])],
      outputs: [valueInfo('i', 'float32')],
    });
    const made = model(
      graph({
        name: 'g',
        docString: 'a graph',
        nodes: [
          constantNode(int64Tensor('k', [2], [1, -2])),
          node('Custom', ['x', '', 'k'], ['y', ''], {
            name: 'n',
            domain: 'own',
            attrs: {
              i: int(-3),
              is: ints([1, 2]),
              s: text('ä'),
              ss: texts(['a', '']),
              t: tensorValue(floatTensor('', [], [0.5])),
              f: { kind: 'float', value: 0.25 },
              fs: { kind: 'floats', value: [1, -0, Infinity] },
              g: graphValue(inner),
              r: { kind: 'reference', value: 'outer', type: 2 },
              ty: {
                kind: 'type',
                value: { kind: 'sequence', inner: { kind: 'tensor', elementType: 'int64' } },
              },
              u: { kind: 'undefined' },
            },
          }),
        ],
        initializers: [floatTensor('w', [2], [1, 2]), stringTensor('names', [2], ['ü', ''])],
        inputs: [valueInfo('x', 'float32', ['batch', 3, null, -1]), valueInfo('scalar', 'bool', [])],
        outputs: [valueInfo('y', 'float16')],
      }),
      { opset: 21, irVersion: 10, domains: { own: 1 } },
    );
    const again = open(made);
    const plain = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (key, v: unknown) => {
          if (['verbatim', 'source', 'start', 'fields', 'bytes'].includes(key)) return undefined;
          if (typeof v === 'bigint') return `${v}n`;
          return Object.is(v, -0) ? '-0' : v === Infinity ? 'Infinity' : v;
        }),
      );
    expect(plain(again)).toEqual(plain(made));
    expect(tensorStrings(again.graph.initializers[1]).map((b) => new TextDecoder().decode(b))).toEqual([
      'ü',
      '',
    ]);
    expect([...tensorFloats(again.graph.initializers[0])]).toEqual([1, 2]);
  });

  it('passes an unchanged model on as one span of its file', () => {
    const base = open(withWeights(floatTensor('w', [1], [1])));
    const [part, ...rest] = writeModel(base).model;
    expect(rest).toEqual([]);
    expect(isSpan(part) && part.start).toBe(0);
  });

  it('passes an unchanged large weight on as a span when another one changes', () => {
    const base = open(
      withWeights(floatTensor('a', [50_000], new Float32Array(50_000)), floatTensor('b', [1], [1])),
    );
    const draft = openDraft(base);
    draft.main.setInitializer(floatTensor('b', [1], [2]));
    const { model: parts } = writeModel(draft.finish());
    const spans = parts.filter(isSpan);
    expect(spans.map((s) => s.length)).toEqual([base.graph.initializers[0].verbatim?.length]);
    expect(parts.length).toBe(3);
  });

  it('keeps unknown fields of every message that an edit rebuilds', () => {
    const marks = ['model', 'graph', 'node', 'attribute', 'tensor', 'value'];
    const [inModel, inGraph, inNode, inAttribute, inTensor, inValue] = marks.map((m) => [
      spanOf(unknownField(m)),
    ]);
    const w: Tensor = { ...floatTensor('w', [1], [1]), extras: inTensor };
    const made: Model = {
      ...model(
        graph({
          nodes: [
            {
              ...node('Relu', ['x'], ['y']),
              attributes: [{ ...attribute('a', int(1)), extras: inAttribute }],
              extras: inNode,
            },
          ],
          initializers: [w],
          inputs: [{ ...valueInfo('x', 'float32'), extras: inValue }],
          outputs: [valueInfo('y', 'float32')],
          extras: inGraph,
        }),
      ),
      extras: inModel,
    };
    const draft = openDraft(open(made));
    const { main } = draft;
    const relu = main.nodes[0];
    main.replaceNode(relu, { ...relu, attributes: relu.attributes.map((a) => ({ ...a, name: 'b' })) });
    const old = main.initializers.get('w')!;
    main.setInitializer({ ...old, docString: 'changed' });
    const saved = new TextDecoder('latin1').decode(bytesOf(draft.finish()));
    const anew = new TextDecoder('latin1').decode(concatParts(reencodeModel(open(made))));
    for (const mark of marks) {
      expect(saved.split(mark).length, mark).toBe(anew.split(mark).length);
      expect(saved, mark).toContain(mark);
    }
  });

  it('keeps dimension denotations and the key type of maps when a value is rebuilt', () => {
    const sink = new PartSink();
    sink.text(1, 'x');
    sink.message(2, (type) =>
      type.message(1, (tensor) => {
        tensor.varint(1, 1);
        tensor.message(2, (shape) =>
          shape.message(1, (dimension) => {
            dimension.text(2, 'batch');
            dimension.text(3, 'DATA_BATCH');
          }),
        );
      }),
    );
    const whole = new PartSink();
    whole.varint(1, 8);
    whole.message(8, (opset) => opset.varint(2, 17));
    whole.message(7, (g) => {
      g.bytes(11, concatParts(sink.finish()));
      g.message(11, (v) => {
        v.text(1, 'm');
        v.message(2, (type) =>
          type.message(5, (map) => {
            map.varint(1, 7);
            map.message(2, (value) => value.message(1, (tensor) => tensor.varint(1, 1)));
          }),
        );
      });
    });
    const base = readModel(new MemorySource(concatParts(whole.finish())));
    const [x, m] = base.graph.inputs;
    const changed: Model = {
      ...base,
      graph: {
        ...base.graph,
        inputs: [
          { ...x, type: { ...(x.type as TypeInfo), elementType: 'float16' } },
          { ...m, type: { ...(m.type as TypeInfo) }, docString: 'rebuilt' },
        ],
      },
    };
    const saved = bytesOf(changed);
    expect(new TextDecoder('latin1').decode(saved)).toContain('DATA_BATCH');
    const again = readModel(new MemorySource(saved)).graph.inputs;
    expect(again[0].type).toMatchObject({ elementType: 'float16', shape: ['batch'] });
    expect(again[1].type).toMatchObject({ kind: 'map', inner: { kind: 'tensor', elementType: 'float32' } });
    expect(again[1].type?.innerExtras?.map((s) => [...readSpan(s)])).toEqual([[8, 7]]);
  });

  it('predicts sizes without data', () => {
    const dense = withWeights(floatTensor('w', [1000], new Float32Array(1000)));
    const hollow = withWeights(hollowTensor('w', 1000));
    expect(sizeOf(hollow)).toBe(bytesOf(dense).byteLength);
    expect(messageLength({ tensor: hollow.graph.initializers[0] })).toBe(
      messageLength({ tensor: dense.graph.initializers[0] }),
    );
    const n = node('Relu', ['x'], ['y']);
    // two names of one letter (tag, length, letter) and the operator
    expect(messageLength({ node: n })).toBe(3 + 3 + 6);
    expect(messageLength({ graph: hollow.graph })).toBeLessThan(sizeOf(hollow));
  });

  it('refuses a tensor that is still encoded', () => {
    const w: Tensor = {
      ...floatTensor('w', [1], [1]),
      data: {
        kind: 'encoded',
        original: floatTensor('w', [1], [1]),
        encoding: {
          precision: 'int8',
          signed: true,
          codes: Int8Array.of(1),
          scales: Float32Array.of(1),
          scaleExponent: 0,
          scaleType: 'float32',
          masked: false,
          granularity: { kind: 'tensor' },
          kept: 1,
          storage: { form: 'decode-at-load', sparse: 'dense' },
        },
      },
    };
    expect(() => writeModel(withWeights(w))).toThrow(code('internal'));
  });
});

describe('external data', () => {
  const values = Float32Array.from({ length: 600 }, (_, i) => i);
  const file = (): ByteSource => {
    const bytes = new Uint8Array(3000);
    bytes.set(new Uint8Array(values.buffer), 64);
    return new MemorySource(bytes);
  };
  const external = (location: string, offset = 64, length: number | undefined = 2400): Tensor => ({
    ...floatTensor('w', [600], []),
    data: {
      kind: 'external',
      location,
      offset,
      entries: [
        { key: 'location', value: location },
        { key: 'offset', value: String(offset) },
        ...(length === undefined ? [] : [{ key: 'length', value: String(length) }]),
      ],
    },
  });
  const source = (...tensors: Tensor[]): ByteSource =>
    new PartsSource(reencodeModel(withWeights(...tensors)));

  it('is read from the file of that path or, without folders, of that name', () => {
    for (const [location, given] of [
      ['w.data', 'w.data'],
      ['./weights/w.data', 'weights/w.data'],
      ['weights\\w.data', 'w.data'],
      ['w.data', './w.data'],
    ]) {
      const opened = readModel(source(external(location)), { files: new Map([[given, file()]]) });
      expect([...tensorFloats(opened.graph.initializers[0])]).toEqual([...values]);
    }
  });

  it('takes the length from the dims when the file does not say it', () => {
    const opened = readModel(source(external('w.data', 64, undefined)), {
      files: new Map([['w.data', file()]]),
    });
    expect(tensorBytes(opened.graph.initializers[0]).byteLength).toBe(2400);
  });

  it.each([
    '/etc/passwd',
    '../w.data',
    'a/../../w.data',
    '..\\w.data',
    'C:\\w.data',
    'https://a.b/w',
    'w\0.data',
    '',
  ])('refuses the location %j', (location) => {
    expect(() => readModel(source(external(location)), { missingExternal: 'allow' })).toThrow(
      code('external-unsafe-path'),
    );
  });

  it('refuses a missing file by name and a range outside the file', () => {
    const files = new Map([['w.data', file()]]);
    expect(() => readModel(source(external('w.data')))).toThrow(
      expect.objectContaining({
        code: 'external-missing',
        message: expect.stringContaining('w.data') as string,
      }),
    );
    expect(() => readModel(source(external('w.data', 700)), { files })).toThrow(code('external-range'));
    const twice = new Map([
      ['a/w.data', file()],
      ['b/w.data', file()],
    ]);
    expect(() => readModel(source(external('w.data')), { files: twice })).toThrow(code('external-missing'));
  });

  it('keeps its files while nothing is changed', () => {
    const bytes = source(external('w.data'));
    const written = writeModel(readModel(bytes, { files: new Map([['w.data', file()]]) }));
    expect(partsLength(written.model)).toBe(bytes.size);
    expect(written.data.map((d) => [d.name, partsLength(d.parts)])).toEqual([['w.data', 3000]]);
    expect(sizesOf(readModel(bytes, { files: new Map([['w.data', file()]]) }))).toEqual({
      modelBytes: bytes.size,
      dataBytes: 3000,
    });
  });

  it('is written to one new file after a change, or into the model', () => {
    const opened = readModel(
      source(external('old.data'), floatTensor('v', [300], new Float32Array(300).fill(7))),
      {
        files: new Map([['old.data', file()]]),
      },
    );
    const draft = openDraft(opened);
    draft.setMetadata('a', 'b');
    const changed = draft.finish();
    const kept = writeModel(changed, { dataFileName: 'new.data' });
    expect(kept.data.map((d) => d.name)).toEqual(['new.data']);
    expect(sizesOf(changed)).toMatchObject({ dataBytes: partsLength(kept.data[0].parts) });
    const again = readModel(new PartsSource(kept.model), {
      files: new Map([['new.data', new PartsSource(kept.data[0].parts)]]),
    });
    assertValid(again);
    expect([...tensorFloats(again.graph.initializers[0])]).toEqual([...values]);
    expect(tensorFloats(again.graph.initializers[1])[299]).toBe(7);
    for (const { data } of again.graph.initializers) {
      expect(data.kind === 'external' && data.offset % 64).toBe(0);
    }
    for (const externalize of ['never', 'above-2GiB'] as const) {
      const single = writeModel(changed, { externalize });
      expect(single.data).toEqual([]);
      expect(partsLength(single.model)).toBe(sizeOf(changed, { externalize }));
      expect([...tensorFloats(readModel(new PartsSource(single.model)).graph.initializers[0])]).toEqual([
        ...values,
      ]);
    }
  });

  it('cannot be copied from a file that was not given', () => {
    const opened = readModel(source(external('w.data')), { missingExternal: 'allow' });
    expect(() => writeModel(opened, { externalize: 'never' })).toThrow(code('external-missing'));
    expect(verifyModel(opened).errors).toEqual([]);
  });
});

describe('beyond 4 GiB, without the memory', () => {
  const GB5 = 5_000_000_000;
  /** Zeros, made when they are read: reads of headers beside a weight touch its first bytes. */
  const zeros: ByteSource = { size: GB5, read: (_, length) => new Uint8Array(length) };
  const weight: Tensor = { ...hollowTensor('big', GB5 / 4), data: { kind: 'raw', bytes: spanOf(zeros) } };
  const big = withWeights(weight, floatTensor('small', [300], new Float32Array(300).fill(3)));

  it('writes a data file and reads it back at exact offsets', () => {
    expect(() => writeModel(big, { externalize: 'never' })).toThrow(code('too-large'));
    const written = writeModel(big);
    expect(written.data).toHaveLength(1);
    const data = new PartsSource(written.data[0].parts);
    expect(data.size).toBe(GB5 + 1200);
    expect(sizesOf(big)).toEqual({ modelBytes: partsLength(written.model), dataBytes: data.size });
    const again = readModel(new PartsSource(written.model), {
      files: new Map([[written.data[0].name, data]]),
    });
    assertValid(again);
    expect(again.graph.initializers.map((t) => (t.data.kind === 'external' ? t.data.offset : -1))).toEqual([
      0,
      GB5,
    ]);
    expect(tensorFloats(again.graph.initializers[1])[299]).toBe(3);
  });

  it('reads and passes on one message of 5 GB', () => {
    const source = new PartsSource(reencodeModel(big));
    const opened = readModel(source);
    assertValid(opened);
    const [first, second] = opened.graph.initializers;
    expect(first.data.kind === 'raw' && first.data.bytes.length).toBe(GB5);
    expect(second.verbatim!.start).toBeGreaterThan(GB5);
    expect(tensorFloats(second)[0]).toBe(3);
    expect(partsLength(writeModel(opened).model)).toBe(source.size);
    const draft = openDraft(opened);
    draft.main.setInitializer(floatTensor('small', [300], new Float32Array(300).fill(4)));
    const written = writeModel(draft.finish());
    expect(partsLength(written.data[0].parts)).toBe(GB5 + 1200);
  });
});
