/**
 * Operators that onnxruntime-web has no WebGPU kernel for and that quantization brings along, and a known fault. It
 * must not know passes.
 * Sources: js/web/docs/webgpu-operators.md; https://github.com/microsoft/onnxruntime/issues/32730
 */
import { isOp } from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { allNodes, count } from './operators.ts';
import { nameOf } from './qdq-view.ts';
import type { QdqView } from './qdq-view.ts';
import type { Breach } from './types.ts';

/** They stay on the CPU, measured by the provider that a profile names. QuantizeLinear has a rule of its own. */
const CPU_ONLY: ReadonlySet<string> = new Set([
  'QLinearAdd',
  'QLinearMul',
  'QLinearConcat',
  'QLinearAveragePool',
  'QLinearGlobalAveragePool',
  'QLinearLeakyRelu',
  'QLinearSigmoid',
  'QLinearSoftmax',
  'QGemm',
  'DynamicQuantizeMatMul',
  'MatMulIntegerToFloat',
  'Round',
  'Sign',
]);

export function webgpuBreaches(model: Model, view: QdqView): Breach[] {
  const breaches: Breach[] = [];
  const cpu = allNodes(model).filter(({ opType }) => CPU_ONLY.has(opType));
  if (cpu.length > 0) {
    const types = [...new Set(cpu.map(({ opType }) => opType))].sort();
    breaches.push({
      rule: 'webgpu-cpu-operators',
      kind: 'operator',
      severity: 'warning',
      what: `${count(cpu.length, 'operator')} without a WebGPU kernel: ${types.join(', ')}.`,
      where: cpu.map(nameOf),
      why: 'Each one copies its values from the GPU to the CPU and back, which often costs more than the whole model.',
      fix: 'Leave these layers in floats for this target.',
    });
  }
  const wrong = model.graph.nodes.filter((node) => {
    if (!isOp(node, 'DequantizeLinear')) return false;
    const quantized = view.quantizationOf(node);
    return quantized?.codes?.dims.length === 1 && quantized.blockSize > 0;
  });
  if (wrong.length > 0) {
    breaches.push({
      rule: 'webgpu-block-1d',
      kind: 'dialect',
      severity: 'error',
      what: `${count(wrong.length, 'DequantizeLinear', 'DequantizeLinear')} of a one-dimensional tensor in blocks.`,
      where: wrong.map(nameOf),
      why: 'onnxruntime-web 1.30.0 decodes them to wrong values on WebGPU, without any message.',
      fix: 'Store this weight in two dimensions, or per tensor.',
    });
  }
  return breaches;
}
