/** All targets, listed by hand. It must not know passes. */
import { PareError } from '../errors.ts';
import { openvino } from './openvino.ts';
import { ortCpuArm, ortCpuX86, ortCpuX86Vnni } from './ort-cpu.ts';
import { ortWasm } from './ort-wasm.ts';
import { ortWebgpu } from './ort-webgpu.ts';
import { tensorrt } from './tensorrt.ts';
import { tflite } from './tflite.ts';
import { tvm } from './tvm.ts';
import { DEFAULT_TARGET, TARGET_IDS } from './types.ts';
import type { Target, TargetId } from './types.ts';
import { webnn } from './webnn.ts';

const BY_ID: Readonly<Record<TargetId, Target>> = {
  'ort-wasm': ortWasm,
  'ort-webgpu': ortWebgpu,
  'ort-cpu-x86': ortCpuX86,
  'ort-cpu-x86-vnni': ortCpuX86Vnni,
  'ort-cpu-arm': ortCpuArm,
  webnn,
  openvino,
  tensorrt,
  tflite,
  tvm,
};

/** In the order of TARGET_IDS. */
export const TARGETS: readonly Target[] = TARGET_IDS.map((id) => BY_ID[id]);

/** @throws PareError `unsupported` when the target is not known */
export function targetOf(id: TargetId = DEFAULT_TARGET): Target {
  if (isTargetId(id)) return BY_ID[id];
  throw new PareError('unsupported', `There is no target "${String(id)}".`, {
    hint: `Targets: ${TARGET_IDS.join(', ')}.`,
  });
}

export function isTargetId(text: unknown): text is TargetId {
  return TARGET_IDS.some((id) => id === text);
}
