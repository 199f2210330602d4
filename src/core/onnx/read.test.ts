import { describe, expect, it } from 'vitest';
import { concatParts, MemorySource } from '../bytes/spans.ts';
import { graph, model, node, valueInfo } from './build.ts';
import type { Model } from './ir.ts';
import { readModel } from './read.ts';
import { PartSink } from './wire-write.ts';
import type { FieldSink } from './wire-write.ts';
import { writeModel } from './write.ts';

const utf8 = new TextEncoder();
const open = (bytes: Uint8Array): Model => readModel(new MemorySource(bytes));
const code = (c: string): unknown => expect.objectContaining({ code: c });

function modelBytes(main: (g: FieldSink) => void): Uint8Array {
  const sink = new PartSink();
  sink.varint(1, 8);
  sink.message(8, (opset) => opset.varint(2, 17));
  sink.message(7, main);
  return concatParts(sink.finish());
}

const zip = (name: string): Uint8Array => utf8.encode(`PK\x03\x04${'\0'.repeat(26)}${name}`);
const bytesAt = (offset: number, text: string): Uint8Array => {
  const bytes = new Uint8Array(600);
  bytes.set(
    Uint8Array.from(text, (c) => c.charCodeAt(0)),
    offset,
  );
  return bytes;
};

describe('a file that is no model', () => {
  it.each<[string, Uint8Array, string, RegExp]>([
    ['nothing', new Uint8Array(0), 'empty-file', /empty/],
    [
      'a Git LFS pointer',
      utf8.encode('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n'),
      'git-lfs-pointer',
      /123 bytes/,
    ],
    ['a web page', utf8.encode('\ufeff \n<!DOCTYPE html><html>'), 'html-page', /web page/],
    ['a web page in small letters', utf8.encode('<html><body>404'), 'html-page', /web page/],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), 'compressed', /gzip/],
    ['a zip', zip('model.onnx'), 'compressed', /zip/],
    ['7z', bytesAt(0, '7z\xbc\xaf\x27\x1c'), 'compressed', /7z/],
    ['zstd', bytesAt(0, '\x28\xb5\x2f\xfd'), 'compressed', /Zstandard/],
    ['tar', bytesAt(257, 'ustar'), 'compressed', /tar/],
    ['PyTorch', zip('archive/data.pkl'), 'other-format', /PyTorch/],
    ['Keras', zip('config.json'), 'other-format', /Keras/],
    ['npz', zip('arr_0.npy'), 'other-format', /npz/],
    ['a pickle', Uint8Array.of(0x80, 2, 0x7d, 0x71), 'other-format', /pickle/],
    ['TensorFlow Lite', bytesAt(4, 'TFL3'), 'other-format', /TensorFlow Lite/],
    ['ORT format', bytesAt(4, 'ORTM'), 'other-format', /ORT/],
    ['HDF5', bytesAt(0, '\x89HDF\r\n\x1a\n'), 'other-format', /HDF5/],
    ['safetensors', bytesAt(0, '\x40\0\0\0\0\0\0\0{"a'), 'other-format', /safetensors/],
    ['GGUF', bytesAt(0, 'GGUF'), 'other-format', /GGUF/],
    ['JSON', utf8.encode('{"format": "pare-recipe", "version": 1}'), 'other-format', /JSON/],
    ['text', utf8.encode('a,b,c\n1,2,3\n4,5,6\n7,8,9\n'), 'other-format', /plain text/],
    ['PNG', bytesAt(0, '\x89PNG'), 'other-format', /PNG/],
    ['zeros', new Uint8Array(100), 'not-onnx', /not an ONNX model/],
    ['a protobuf of something else', Uint8Array.of(0x92, 1, 3, 97, 98, 99), 'not-onnx', /not an ONNX model/],
    [
      'noise',
      Uint8Array.from({ length: 500 }, (_, i) => (i * 197 + 91) % 256),
      'not-onnx',
      /not an ONNX model/,
    ],
  ])('is recognised: %s', (_, bytes, expected, sentence) => {
    expect(() => open(bytes)).toThrow(
      expect.objectContaining({
        code: expected,
        message: expect.stringMatching(sentence) as string,
        hint: expect.stringMatching(/\.$/) as string,
      }),
    );
  });
});

describe('a damaged model', () => {
  const whole = concatParts(
    writeModel(
      model(
        graph({
          nodes: [node('Relu', ['x'], ['y'], { name: 'r' })],
          inputs: [valueInfo('x', 'float32', [1])],
          outputs: [valueInfo('y', 'float32', [1])],
        }),
      ),
    ).model,
  );

  it('is refused with a code wherever it is cut', () => {
    for (let length = 0; length < whole.length; length++) {
      // From some lengths on only fields behind the graph are missing: then it is a model.
      try {
        open(whole.subarray(0, length));
      } catch (error) {
        expect(error).toMatchObject({ name: 'PareError' });
        expect(['empty-file', 'truncated', 'not-onnx', 'invalid-graph']).toContain(
          (error as { code: string }).code,
        );
      }
    }
  });

  it('says where it is cut', () => {
    expect(() => open(whole.subarray(0, 40))).toThrow(
      expect.objectContaining({ code: 'truncated', at: expect.stringMatching(/^byte \d+$/) as string }),
    );
  });

  it('is refused for bytes behind its end', () => {
    expect(() => open(concatParts([whole, new Uint8Array(8)]))).toThrow(code('malformed'));
  });

  it('is refused for two graphs, and for values in two places', () => {
    expect(() => open(concatParts([whole, whole]))).toThrow(code('malformed'));
    const twice = modelBytes((g) =>
      g.message(5, (t) => {
        t.varint(1, 1);
        t.varint(2, 1);
        t.text(8, 'w');
        t.bytes(9, new Uint8Array(4));
        t.bytes(4, new Uint8Array(4));
      }),
    );
    expect(() => open(twice)).toThrow(code('invalid-graph'));
  });

  it('is refused for names that are not UTF-8, but not for comments', () => {
    expect(() => open(modelBytes((g) => g.bytes(2, Uint8Array.of(0xff))))).toThrow(code('malformed'));
    const opened = open(modelBytes((g) => g.bytes(10, Uint8Array.of(0xff))));
    expect(opened.graph.docString).toBe('');
    expect(opened.graph.extras?.[0].length).toBe(3);
  });

  it('is refused for graphs within graphs without end', () => {
    const nest =
      (depth: number): ((g: FieldSink) => void) =>
      (g) => {
        if (depth === 0) return;
        g.message(1, (n) =>
          n.message(5, (a) => {
            a.varint(20, 5);
            a.message(6, nest(depth - 1));
          }),
        );
      };
    expect(() => open(modelBytes(nest(60)))).toThrow(code('too-deep'));
    expect(() => open(modelBytes(nest(20)))).not.toThrow();
  });

  it('cannot make the reader build more than a bounded number of objects', () => {
    // Empty nodes: two bytes each in the file, some hundred in memory.
    const empty = new Uint8Array(2 * 100_000);
    for (let i = 0; i < empty.length; i += 2) empty[i] = 0x0a;
    const sink = new PartSink();
    sink.varint(1, 8);
    sink.bytes(7, empty);
    expect(() => open(concatParts(sink.finish()))).toThrow(code('too-large'));
  });
});

describe('an attribute', () => {
  const attribute = (fill: (a: FieldSink) => void) => {
    const opened = open(modelBytes((g) => g.message(1, (n) => n.message(5, fill))));
    return opened.graph.nodes[0].attributes[0];
  };

  it('without a type is what it holds', () => {
    expect(attribute((a) => a.varint(3, 7))).toMatchObject({ kind: 'int', value: 7n });
    expect(attribute((a) => a.text(4, 'x'))).toMatchObject({ kind: 'string' });
  });

  it('of a type is that, whatever else it holds', () => {
    const a = attribute((sink) => {
      sink.varint(3, 7);
      sink.float(2, 0.5);
      sink.varint(20, 1);
    });
    expect(a).toMatchObject({ kind: 'float', value: 0.5 });
    expect(a.extras?.[0].length).toBe(2);
  });

  it('of a type without its value is 0, empty or undefined', () => {
    expect(attribute((a) => a.varint(20, 2))).toMatchObject({ kind: 'int', value: 0n });
    expect(attribute((a) => a.varint(20, 7))).toMatchObject({ kind: 'ints', value: [] });
    expect(attribute((a) => a.varint(20, 4))).toMatchObject({ kind: 'undefined' });
    expect(attribute((a) => a.varint(20, 99))).toMatchObject({ kind: 'undefined' });
  });

  it('reads lists packed and unpacked', () => {
    const expected = { kind: 'ints', value: [1n, 2n, 300n] };
    const packed = attribute((a) => {
      a.bytes(8, Uint8Array.of(1, 2, 0xac, 2));
      a.varint(20, 7);
    });
    const unpacked = attribute((a) => {
      for (const v of [1, 2, 300]) a.varint(8, v);
      a.varint(20, 7);
    });
    expect(packed).toMatchObject(expected);
    expect(unpacked).toMatchObject(expected);
  });
});
