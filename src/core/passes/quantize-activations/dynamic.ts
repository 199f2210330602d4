/**
 * A matrix product with an input range found at every run: DynamicQuantizeLinear, MatMulInteger, and a Mul that turns the
 * sums into floats. y = (Σ (x_q − z_x) · w_q) · s_x · s_w + b. Needs no samples. It must not know calibration.
 * Source: ONNX DynamicQuantizeLinear and MatMulInteger, versions 10 and 11.
 */
import { attribute, floatTensor, int, int8Tensor } from '../../onnx/build.ts';
import { intAttribute } from '../../onnx/attributes.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import { readWeight } from '../../onnx/weights.ts';
import type { Target } from '../../targets/types.ts';
import { reduceRange } from './bias.ts';
import { int8Encoding } from './layers.ts';
import type { IntegerLayer } from './layers.ts';

/** TensorProto.FLOAT. */
const FLOAT = 1;

/** Why this layer has no dynamic form; undefined = it has. */
export function dynamicProblem({ nodes, weight }: IntegerLayer, target: Target): string | undefined {
  const refused = target.refusals['dynamic-activations'];
  if (refused !== undefined) return refused.text;
  if (nodes.some(({ op }) => op !== 'MatMul' && op !== 'Gemm')) {
    return 'ranges that are found at every run are for matrix products only';
  }
  if (nodes.some(({ node }) => intAttribute(node, 'transA', 0) !== 0))
    return 'its input is transposed (transA)';
  const transposed = new Set(nodes.map(({ node }) => intAttribute(node, 'transB', 0)));
  if (transposed.size > 1) return 'it is read both transposed and not';
  if (weight.holder !== 'initializer') return 'its weight stands in a Constant node';
  return undefined;
}

/** Replaces the operators of a layer. The weight keeps its name and holds the codes, [K, N]. */
export function writeDynamic(main: GraphEditor, { weight, nodes }: IntegerLayer, target: Target): void {
  const given = int8Encoding(weight);
  const { data } = weight.tensor;
  if (given?.scales === undefined || data.kind !== 'encoded')
    throw new Error(`${weight.id} has no 8-bit codes`);
  const encoding = target.weights.reducedRange
    ? reduceRange(given, weight.tensor.dims, readWeight(data.original))
    : given;
  const scales = (encoding.scales ?? new Float32Array(0)).map((scale) => (scale === 0 ? 1 : scale));
  const [rows, columns] = weight.tensor.dims;
  const transposed = intAttribute(nodes[0].node, 'transB', 0) !== 0;
  const codes = masked(Int8Array.from(encoding.codes), encoding.mask);
  const dims = transposed ? [columns, rows] : [rows, columns];
  main.setInitializer(int8Tensor(weight.value, dims, transposed ? transpose(codes, rows, columns) : codes));
  // What was declared of it speaks of floats.
  main.removeValueInfo(weight.value);
  main.removeInput(weight.value);
  for (const { node, bias, alpha } of nodes) {
    const current = main.current(node);
    if (current === undefined) continue;
    const fresh = (hint: string): string => main.freshName(hint);
    const [x, scale, zero] = [fresh('codes'), fresh('scale'), fresh('zero')];
    const [sums, floats, unit] = [fresh('sums'), fresh('sums'), fresh('scale')];
    const weightScale = fresh('scale');
    const scaled = scales.map((value) => value * alpha);
    main.setInitializer(floatTensor(weightScale, scaled.length === 1 ? [] : [scaled.length], scaled));
    const product = bias === undefined ? node.outputs[0] : fresh('product');
    main.addNode(
      { opType: 'DynamicQuantizeLinear', inputs: [current.inputs[0]], outputs: [x, scale, zero] },
      current,
    );
    main.addNode(
      { opType: 'MatMulInteger', name: node.name, inputs: [x, weight.value, zero], outputs: [sums] },
      current,
    );
    main.addNode(
      { opType: 'Cast', inputs: [sums], outputs: [floats], attributes: [attribute('to', int(FLOAT))] },
      current,
    );
    main.addNode({ opType: 'Mul', inputs: [scale, weightScale], outputs: [unit] }, current);
    const last = { opType: 'Mul', inputs: [floats, unit], outputs: [product], name: '' };
    if (bias === undefined) {
      main.replaceNode(current, last);
      continue;
    }
    main.addNode(last, current);
    const added = fresh('bias');
    main.setInitializer(floatTensor(added, [bias.length], bias));
    main.replaceNode(current, { opType: 'Add', inputs: [product, added], outputs: [node.outputs[0]] });
  }
}

function masked(codes: Int8Array, mask: Uint8Array | undefined): Int8Array {
  if (mask === undefined) return codes;
  return codes.map((code, i) => (((mask[i >>> 3] >>> (i & 7)) & 1) === 0 ? 0 : code));
}

function transpose(codes: Int8Array, rows: number, columns: number): Int8Array {
  const out = new Int8Array(codes.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = codes[r * columns + c];
  return out;
}
