/** Pairs and strangers, told by what callers see. */
import { describe, expect, it } from 'vitest';
import { graph, model, node, valueInfo } from '../onnx/build.ts';
import type { Model, ValueInfo } from '../onnx/ir.ts';
import { targetOf } from '../targets/registry.ts';
import { examine } from './examine.ts';
import { pairFinding } from './pair.ts';

const net = (inputs: readonly ValueInfo[], output: ValueInfo): Model =>
  model(
    graph({
      nodes: [node('Relu', [inputs[0].name], [output.name])],
      inputs: [...inputs],
      outputs: [output],
    }),
  );
const digits = net([valueInfo('x', 'float32', ['N', 1, 28, 28])], valueInfo('y', 'float32', ['N', 10]));

describe('a file and its original', () => {
  it.each([
    ['the same', digits],
    ['a fixed batch', net([valueInfo('x', 'float32', [1, 1, 28, 28])], valueInfo('y', 'float32', [1, 10]))],
    ['halves', net([valueInfo('x', 'float16', ['N', 1, 28, 28])], valueInfo('y', 'float16', ['N', 10]))],
    ['nothing known', net([valueInfo('x', 'float32')], valueInfo('y', 'float32'))],
  ])('are a pair: %s', (_name, written) => {
    expect(pairFinding(digits, written)).toBeUndefined();
  });

  it('an input that nothing reads may go', () => {
    const more = net([valueInfo('x', 'float32'), valueInfo('unread', 'float32')], valueInfo('y', 'float32'));
    expect(pairFinding(more, net([valueInfo('x', 'float32')], valueInfo('y', 'float32')))).toBeUndefined();
  });

  it.each([
    [
      'another size',
      net([valueInfo('x', 'float32', [1, 3, 32, 32])], valueInfo('y', 'float32', [1, 10])),
      '3, 32, 32',
    ],
    [
      'another rank',
      net([valueInfo('x', 'float32', [1, 784])], valueInfo('y', 'float32', [1, 10])),
      '[1, 784]',
    ],
    [
      'another type',
      net([valueInfo('x', 'int64', [1, 1, 28, 28])], valueInfo('y', 'float32', [1, 10])),
      'int64',
    ],
    ['another output', net([valueInfo('x', 'float32')], valueInfo('boxes', 'float32')), 'no output "y"'],
    ['another input', net([valueInfo('audio', 'float32')], valueInfo('y', 'float32')), 'no input "x"'],
    [
      'one more input',
      net([valueInfo('x', 'float32'), valueInfo('more', 'float32')], valueInfo('y', 'float32')),
      'input "more" is new',
    ],
  ])('are strangers: %s', (_name, written, words) => {
    const found = pairFinding(digits, written);
    expect(found).toMatchObject({ hazard: 'not-a-pair', severity: 'error' });
    expect(found?.what).toContain(words);
    expect(found?.fix).toContain('Give the original');
  });

  it('strangers are not compared: the file is examined alone, and that is said', async () => {
    const other = net([valueInfo('audio', 'float32', [1, 512])], valueInfo('y', 'float32'));
    const report = await examine(
      { original: digits, written: other, logical: undefined, target: targetOf(), calibration: undefined },
      () => Promise.resolve(),
    );
    expect(report.findings.map(({ hazard }) => hazard)).toEqual(['not-a-pair']);
    expect(report.checked.length).toBeGreaterThan(0);
  });
});
