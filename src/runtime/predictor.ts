/**
 * A session as the data layer sees a model: batches in, batches out, with no copy more than the runtime's own. It must
 * not know where the batches come from or what the outputs mean.
 */
import type { ModelPort, Predictor } from '../core/dataset/predictor.ts';
import { PareError } from '../core/errors.ts';
import type { HostTensor } from '../core/onnx/graph-runner.ts';
import { runtimeError } from './errors.ts';
import { readInputs, readShape } from './inputs.ts';
import type { OrtSession, OrtTensor } from './ort.ts';
import { createSerialQueue } from './queue.ts';
import type { Session } from './session.ts';
import { borrowHostTensor, carriable } from './tensors.ts';

/** The runtime gives no rank for a shape that it does not know: [] of an output says nothing. */
function readOutputs(session: Pick<OrtSession, 'outputMetadata'>): ModelPort[] {
  return session.outputMetadata.flatMap((meta) => {
    if (!meta.isTensor || !carriable(meta.type)) return [];
    const shape = readShape(meta.shape);
    return [{ name: meta.name, dataType: meta.type, shape: shape.length === 0 ? null : shape }];
  });
}

/**
 * Outputs that are text, sequences or maps are left out of `outputs` and never fetched. Runs are queued, one at a time.
 * The bytes of an output are a view on the runtime's own buffer for it, which nobody else writes to; the bytes of a
 * feed must stay as they are until its run has ended.
 * @throws PareError `unsupported` when an input cannot be fed or no output can be read.
 */
export function createPredictor(session: Session): Predictor {
  const found = readInputs(session.ort);
  if (!found.ok) throw new PareError('unsupported', found.reason);
  const outputs = readOutputs(session.ort);
  if (outputs.length === 0) {
    throw new PareError('unsupported', 'No output of the model is a tensor of numbers: nothing can be read.');
  }
  const names = outputs.map((port) => port.name);
  const queue = createSerialQueue();
  let broken: PareError | undefined;
  const run = async (feeds: ReadonlyMap<string, HostTensor>): Promise<ReadonlyMap<string, HostTensor>> => {
    if (broken !== undefined) throw broken;
    const tensors = feedTensors(session, feeds);
    try {
      const values = await session.run(tensors, names);
      return new Map(names.map((name) => [name, take(name, values[name])]));
    } catch (error) {
      if (error instanceof PareError && error.code === 'runtime-crashed') broken = error;
      throw error;
    }
  };
  return { inputs: found.inputs, outputs, run: (feeds) => queue.run(() => run(feeds)) };
}

function feedTensors(session: Session, feeds: ReadonlyMap<string, HostTensor>): Record<string, OrtTensor> {
  try {
    return session.borrow(feeds);
  } catch (error) {
    throw runtimeError(error, 'could not take the inputs');
  }
}

function take(name: string, value: OrtTensor | undefined): HostTensor {
  if (value === undefined) throw new PareError('runtime-refused', `The runtime gave no value '${name}'.`);
  return borrowHostTensor(name, value);
}
