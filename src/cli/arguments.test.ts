import { describe, expect, it } from 'vitest';
import { parseCommand } from './arguments.ts';

const parse = (line: string) => parseCommand(line.split(' '));

describe('the command line', () => {
  it('reads what methods may look at and where the model will run', () => {
    const line =
      'optimize m.onnx -r r.json -o o.onnx --data a.zip --data b.csv --data-config c.json --calibration 64 --target openvino';
    expect(parse(line)).toEqual({
      name: 'optimize',
      model: 'm.onnx',
      recipe: 'r.json',
      output: 'o.onnx',
      data: ['a.zip', 'b.csv'],
      dataConfig: 'c.json',
      calibration: 64,
      target: 'openvino',
      json: false,
    });
    expect(parse('optimize m.onnx -r int8 -o o.onnx')).toMatchObject({
      data: [],
      dataConfig: undefined,
      calibration: undefined,
      target: undefined,
    });
  });

  it.each([
    ['--max-loss 0.5pt', { maxLoss: 0.005 }],
    ['--max-loss 0.5%', { maxLoss: 0.005 }],
    ['--max-loss 0.005', { maxLoss: 0.005 }],
    // Not every metric is a share: a mean absolute error has the unit of the labels.
    ['--max-loss 12', { maxLoss: 12 }],
    ['--max-bytes 2MB', { maxBytes: 2_000_000 }],
    ['--max-bytes 1.5kB', { maxBytes: 1500 }],
    ['--max-bytes 1MiB', { maxBytes: 1_048_576 }],
    ['--max-bytes 300000', { maxBytes: 300_000 }],
    ['--min-speedup 1.5x', { minSpeedup: 1.5 }],
    ['--options int8,int4,int8', { options: ['int8', 'int4'] }],
    ['--recipe-out r.json -o o.onnx', { recipeOutput: 'r.json', output: 'o.onnx' }],
  ])('pare tune reads %s', (options, expected) => {
    expect(parse(`tune m.onnx ${options}`)).toMatchObject({ name: 'tune', ...expected });
  });

  it('reads sensitivity, doctor and targets', () => {
    expect(parse('sensitivity m.onnx --samples 16 --options int4 --json')).toMatchObject({
      samples: 16,
      options: ['int4'],
      json: true,
    });
    expect(parse('doctor v.onnx --against m.onnx --target tensorrt')).toMatchObject({
      against: 'm.onnx',
      target: 'tensorrt',
      data: [],
    });
    expect(parse('targets')).toEqual({ name: 'targets', json: false });
  });

  it.each([
    ['tune m.onnx --max-loss half', '--max-loss is "half"'],
    ['tune m.onnx --max-loss 300pt', '--max-loss is "300pt"'],
    ['tune m.onnx --max-bytes 0', '--max-bytes is "0"'],
    ['tune m.onnx --max-bytes 2TBs', '--max-bytes is "2TBs"'],
    ['tune m.onnx --min-speedup 0', '--min-speedup is "0"'],
    ['tune m.onnx --options int9', '--options is "int9"'],
    ['optimize m.onnx -r int8 -o o.onnx --target phone', '--target is "phone"'],
    ['optimize m.onnx -r int8 -o o.onnx --calibration 0', '--calibration is "0"'],
    ['optimize m.onnx -r int8 -o o.onnx --data-config c.json', 'needs --data as well'],
    ['targets m.onnx', 'takes no file'],
    ['inspect m.onnx --target tvm', 'has no option --target'],
  ])('refuses %s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });
});
