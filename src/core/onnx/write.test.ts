/** A model written as bytes: what was built comes back, what was not touched is passed on as it was. */
import { describe, expect, it } from 'vitest';
import { concatParts, isSpan, MemorySource, readSpan, spanOf } from '../bytes/spans.ts';
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
  stringTensor,
  tensorValue,
  text,
  texts,
  valueInfo,
} from './build.ts';
import { openDraft } from './draft.ts';
import type { Model, Tensor, TypeInfo } from './ir.ts';
import { readModel } from './read.ts';
import { tensorFloats, tensorStrings } from './tensor-data.ts';
import { PartSink } from './wire-write.ts';
import { messageLength, reencodeModel, sizeOf, writeModel } from './write.ts';
import { hollowTensor, withWeights } from './testing/weight-sum.ts';

const bytesOf = (m: Model): Uint8Array => concatParts(writeModel(m).model);
const open = (m: Model): Model => readModel(new MemorySource(bytesOf(m)));
const code = (c: string): unknown => expect.objectContaining({ code: c });

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
