// x · clip(x + a, 0, h) · c recognized as a hard sigmoid, and look-alikes left alone.
import { describe, expect, it } from 'vitest';
import { floatTensor, node } from '../../onnx/build.ts';
import { check, sketch } from './testing/harness.ts';

const constants = [
  floatTensor('three', [], [3]),
  floatTensor('zero', [], [0]),
  floatTensor('six', [], [6]),
  floatTensor('below', [], [-1]),
  floatTensor('gain', [1, 4, 1, 1], [0.5, 1, 2, 3]),
];
const gate = (low = 'zero') => [
  node('Tanh', ['x'], ['t']),
  node('Add', ['t', 'three'], ['a']),
  node('Clip', ['a', low, 'six'], ['c']),
  node('Mul', ['t', 'c'], ['m']),
];
const run = (nodes: ReturnType<typeof node>[], outputs = ['y'], tolerance?: number) =>
  check(
    sketch({ nodes, initializers: constants, inputs: { x: ['N', 4, 6, 6] }, outputs }),
    tolerance === undefined ? {} : { tolerance },
  );

describe('hard sigmoid', () => {
  it('with a sixth needs no factor', async () => {
    expect((await run([...gate(), node('Div', ['m', 'six'], ['y'])])).ops).toEqual([
      'Tanh',
      'HardSigmoid',
      'Mul',
    ]);
  });
  it('keeps a factor per channel', async () => {
    expect((await run([...gate(), node('Mul', ['gain', 'm'], ['y'])])).ops).toEqual([
      'Tanh',
      'HardSigmoid',
      'Mul',
      'Mul',
    ]);
  });
  it('not from another lower limit, nor when x + a is read elsewhere or the product is given out', async () => {
    const divided = node('Div', ['m', 'six'], ['y']);
    expect((await run([...gate('below'), divided], ['y'], 0)).ops).not.toContain('HardSigmoid');
    expect((await run([...gate(), divided], ['y', 'a'], 0)).ops).not.toContain('HardSigmoid');
    expect((await run([...gate(), divided], ['y', 'm'], 0)).ops).not.toContain('HardSigmoid');
  });
  it('not when another value is gated', async () => {
    const nodes = [...gate().slice(0, 3), node('Mul', ['x', 'c'], ['m']), node('Div', ['m', 'six'], ['y'])];
    expect((await run(nodes, ['y'], 0)).ops).toEqual(['Tanh', 'Add', 'Clip', 'Mul', 'Div']);
  });
});
