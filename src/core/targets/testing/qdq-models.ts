/** Small quantized graphs for the tests of targets and doctor, written by hand, one deviation at a time. */
import {
  floatTensor,
  graph,
  int,
  int8Tensor,
  model,
  node,
  rawTensor,
  uint8Tensor,
  valueInfo,
} from '../../onnx/build.ts';
import type { Model, Node, Tensor, ValueInfo } from '../../onnx/ir.ts';
import type { DataType } from '../../tensor/dtype.ts';

export class QdqGraph {
  readonly nodes: Node[] = [];
  readonly initializers: Tensor[] = [];
  readonly inputs: ValueInfo[] = [];
  readonly outputs: ValueInfo[] = [];

  input(name: string, shape: readonly (number | string)[]): string {
    this.inputs.push(valueInfo(name, 'float32', shape));
    return name;
  }

  output(name: string): this {
    this.outputs.push(valueInfo(name, 'float32'));
    return this;
  }

  add(opType: string, inputs: readonly string[], output: string, attrs = {}): string {
    this.nodes.push(node(opType, inputs, [output], { name: output, attrs }));
    return output;
  }

  constant(tensor: Tensor): string {
    this.initializers.push(tensor);
    return tensor.name;
  }

  /** `value` → QuantizeLinear → DequantizeLinear. Gives the value behind the pair. */
  pair(value: string, type: 'uint8' | 'int8', scale: number, zeroPoint = 0): string {
    const s = this.constant(floatTensor(`${value}_s`, [], [scale]));
    const z = this.constant(
      type === 'int8'
        ? int8Tensor(`${value}_z`, [], Int8Array.of(zeroPoint))
        : uint8Tensor(`${value}_z`, [], Uint8Array.of(zeroPoint)),
    );
    this.add('QuantizeLinear', [value, s, z], `${value}_q`);
    return this.add('DequantizeLinear', [`${value}_q`, s, z], `${value}_dq`);
  }

  /** A constant in codes. Scales along `axis`; one scale = per tensor. */
  codes(
    name: string,
    type: DataType,
    dims: readonly number[],
    values: readonly number[],
    scales: readonly number[],
    more: { readonly axis?: number; readonly zeroPoint?: number } = {},
  ): string {
    const bytes =
      type === 'int32'
        ? new Uint8Array(Int32Array.from(values).buffer)
        : Uint8Array.from(values, (v) => v & 255);
    this.constant(rawTensor(name, type, dims, bytes));
    const scaleDims = scales.length === 1 ? [] : [scales.length];
    const inputs = [name, this.constant(floatTensor(`${name}_s`, scaleDims, scales))];
    if (more.zeroPoint !== undefined) {
      const zero = Uint8Array.from(scales, () => (more.zeroPoint ?? 0) & 255);
      inputs.push(this.constant(rawTensor(`${name}_z`, type, scaleDims, zero)));
    }
    return this.add('DequantizeLinear', inputs, `${name}_dq`, { axis: int(more.axis ?? 0) });
  }

  finish(opset = 17): Model {
    const { nodes, initializers, inputs, outputs } = this;
    return model(graph({ nodes, initializers, inputs, outputs }), { opset });
  }
}

export interface ConvOptions {
  readonly activation?: 'uint8' | 'int8';
  readonly zeroPoint?: number;
  /** 4 × 2 × 1 × 1 codes. */
  readonly weights?: readonly number[];
  readonly weightType?: DataType;
  readonly weightZeroPoint?: number;
  readonly weightScales?: readonly number[];
  readonly weightAxis?: number;
  readonly bias?: 'int32' | 'float' | 'wrong-scale';
  readonly opset?: number;
  readonly shape?: readonly (number | string)[];
  /** An operator between the convolution and the quantization of its output. */
  readonly then?: string;
}

const WEIGHTS = [1, -2, 3, -4, 60, -60, 63, -64];
const SCALES = [0.5, 0.25, 0.125, 1];
const X_SCALE = 0.1;

/** x → Q/DQ → Conv 1×1, 2 → 4 channels, quantized weight and bias → Q/DQ → y. */
export function quantizedConv(options: ConvOptions = {}): Model {
  const { activation = 'int8', zeroPoint = 0, weightType = 'int8', bias = 'int32' } = options;
  const scales = options.weightScales ?? SCALES;
  const g = new QdqGraph();
  const x = g.pair(g.input('x', options.shape ?? [1, 2, 4, 4]), activation, X_SCALE, zeroPoint);
  const w = g.codes('w', weightType, [4, 2, 1, 1], options.weights ?? WEIGHTS, scales, {
    axis: options.weightAxis ?? 0,
    ...(options.weightZeroPoint === undefined ? {} : { zeroPoint: options.weightZeroPoint }),
  });
  const wrong = bias === 'wrong-scale' ? 1.001 : 1;
  const b =
    bias === 'float'
      ? g.constant(floatTensor('b', [4], [1, 2, 3, 4]))
      : g.codes(
          'b',
          'int32',
          [4],
          [10, 20, 30, 40],
          scales.map((s) => Math.fround(Math.fround(X_SCALE) * s) * wrong),
        );
  let y = g.add('Conv', [x, w, b], 'conv');
  if (options.then !== undefined) y = g.add(options.then, [y], 'then');
  g.add('Identity', [g.pair(y, activation, 0.2, zeroPoint)], 'y');
  return g.output('y').finish(options.opset);
}
