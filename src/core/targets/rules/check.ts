/** All rules of a target on a written file. It must not know passes or reports. */
import type { Model } from '../../onnx/ir.ts';
import type { Target, TargetId } from '../types.ts';
import { openvinoBreaches } from './openvino.ts';
import { operatorBreaches } from './operators.ts';
import { qdqView } from './qdq-view.ts';
import type { QdqView } from './qdq-view.ts';
import { quantizationBreaches } from './quantization.ts';
import { tensorrtBreaches } from './tensorrt.ts';
import { tfliteBreaches } from './tflite.ts';
import { tvmBreaches } from './tvm.ts';
import type { Breach } from './types.ts';
import { webgpuBreaches } from './webgpu.ts';
import { webnnBreaches } from './webnn.ts';

/** @param model standard ONNX as it is written to a file: nothing encoded. */
export function checkTarget(model: Model, target: Target): Breach[] {
  const view = qdqView(model.graph);
  return [
    ...operatorBreaches(model, target),
    ...quantizationBreaches(model, view, target),
    ...ownRules(model, view, target.id),
  ];
}

function ownRules(model: Model, view: QdqView, id: TargetId): Breach[] {
  switch (id) {
    case 'ort-webgpu':
      return webgpuBreaches(model, view);
    case 'webnn':
      return webnnBreaches(model);
    case 'openvino':
      return openvinoBreaches(view);
    case 'tensorrt':
      return tensorrtBreaches(view);
    case 'tflite':
      return tfliteBreaches(view);
    case 'tvm':
      return tvmBreaches(model);
    case 'ort-wasm':
    case 'ort-cpu-x86':
    case 'ort-cpu-x86-vnni':
    case 'ort-cpu-arm':
      return [];
    default:
      return id satisfies never;
  }
}
