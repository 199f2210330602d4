/** Which version of the ONNX operators lowering asks for. It must not know how a model is raised. */
import { decideForms } from './choose.ts';
import type { FormMemo, FormRequest } from './candidates.ts';

/** Versions that are worth asking for: BitShift and CumSum; DequantizeLinear per axis; blocks and int4. */
export const RAISE_TARGETS = [11, 13, 21] as const;

/** The version at which every form can be had. */
export function bestOpset(opset: number): number {
  return Math.max(opset, RAISE_TARGETS[RAISE_TARGETS.length - 1]);
}

/**
 * Versions above `opset` that the forms want which the weights would get if any version could be had; highest first.
 * @param requests with sites at bestOpset.
 */
export function wishedOpsets(
  requests: readonly FormRequest[],
  opset: number,
  domain: string,
  memo?: FormMemo,
): number[] {
  // Nothing to wish for: the common case, and the page asks at every move of a slider.
  const canonical = requests.some(({ shape }) => shape.storage.form === 'dequantize-linear');
  if (opset >= RAISE_TARGETS[canonical ? 2 : 0]) return [];
  const targets = new Set<number>();
  for (const [i, choice] of decideForms(requests, domain, memo).choices.entries()) {
    const inFunction = requests[i].holder === 'constant';
    if (choice.kind !== 'chain' || choice.opset <= opset || inFunction) continue;
    targets.add(RAISE_TARGETS.find((target) => target >= choice.opset) ?? choice.opset);
  }
  return [...targets].sort((a, b) => b - a);
}
