/**
 * Where OpenVINO wants constants. It must not know passes.
 * Found with OpenVINO 2026.4: "LSTMSequence … expects Constant for port 4" when a file also quantizes activations; without
 * these the weight is folded when the model is compiled.
 */
import { isOp } from '../../onnx/build.ts';
import { count } from './operators.ts';
import { nameOf } from './qdq-view.ts';
import type { QdqView } from './qdq-view.ts';
import type { Breach } from './types.ts';

const RECURRENT = ['LSTM', 'GRU', 'RNN'] as const;
/** W and R. */
const WEIGHT_INPUTS = [1, 2] as const;

export function openvinoBreaches(view: QdqView): Breach[] {
  if (!view.graph.nodes.some((node) => isOp(node, 'QuantizeLinear'))) return [];
  const where = view.graph.nodes.filter(
    (node) =>
      RECURRENT.some((op) => isOp(node, op)) &&
      WEIGHT_INPUTS.some((input) => view.inputOf(node, input)?.codes !== undefined),
  );
  if (where.length === 0) return [];
  return [
    {
      rule: 'openvino-constant-weights',
      kind: 'dialect',
      severity: 'error',
      what: `${count(where.length, 'recurrent layer')} with weights behind DequantizeLinear in a file that quantizes activations.`,
      where: where.map(nameOf),
      why: 'OpenVINO keeps DequantizeLinear in such a file and then refuses it, because LSTM, GRU and RNN want constants.',
      fix: 'Leave the weights of these layers in floats, as Pare does when it makes the file for this target.',
    },
  ];
}
