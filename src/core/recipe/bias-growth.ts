/** What a new bias behind a layer takes in the file. It must not know values. */
import type { GraphEditor } from '../onnx/draft.ts';
import { verbatimOf } from '../onnx/original.ts';
import type { WeightLayer } from '../onnx/weights.ts';
import { messageLength } from '../onnx/write.ts';
import { biasPlace } from '../passes/correct-bias/apply.ts';
import { constantBytes, fieldBytes, hollow, textBytes } from '../passes/lowering/measure.ts';

/**
 * Bytes that the file grows by when the bias behind a layer is written anew: `corrected` as *correct-bias* writes it,
 * `replaced` as a constant of its own where others read the old one. Undefined where there is no such bias.
 */
export function biasGrowth(
  layer: WeightLayer,
  main: GraphEditor,
): { readonly corrected: number; readonly replaced: number } | undefined {
  const where = biasPlace(layer, main, false);
  if (typeof where === 'string') return undefined;
  const old = where.node.inputs[where.biasInput] ?? '';
  const name = old === '' ? `${layer.value}_bias` : `${old}_corrected`;
  const made = (as: string): number =>
    constantBytes(hollow({ name: as, dataType: 'float32', dims: where.biasDims }), 'initializer');
  const held = main.initializers.get(old);
  const own = held !== undefined && main.uses(old).length === 1 && !main.isGraphOutput(old);
  if (!own) {
    const added = made(name) + textBytes(name) - (old === '' ? 0 : textBytes(old));
    return { corrected: added + PREFIXES, replaced: added + PREFIXES };
  }
  const same = made(old) - fieldBytes(verbatimOf(held)?.length ?? messageLength({ tensor: held }));
  return { corrected: same, replaced: Math.max(0, same) };
}

/** A name may get a number, an operator an empty input; lengths of messages around them may take another byte each. */
const PREFIXES = 16;
