/** From printed lines to times: recorded profiles (testing/origin.json says of what), and lines made by hand. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findLayers } from './layer-finder.ts';
import { parseProfile } from './parse.ts';
import { summarizeProfile } from './summarize.ts';

const recorded = (name: string): string =>
  readFileSync(new URL(`./testing/${name}.txt`, import.meta.url), 'utf8');

interface Line {
  readonly cat?: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly op?: string;
  readonly provider?: string;
}

/** As the runtime prints it: a name is not escaped. */
const line = ({
  cat = 'Node',
  name,
  ts,
  dur,
  op = 'Conv',
  provider = 'CPUExecutionProvider',
}: Line): string =>
  `{"cat" : "${cat}","pid" :42,"tid" :7,"dur" :${dur},"ts" :${ts},"ph" : "X","name" :"${name}","args" : {${
    cat === 'Node' ? `"op_name" : "${op}","provider" : "${provider}"` : ''
  }}},`;
const kernel = (name: string, ts: number, dur: number, op = 'Conv'): string =>
  line({ name: `${name}_kernel_time`, ts, dur, op });
const run = (ts: number, dur: number): string => line({ cat: 'Session', name: 'model_run', ts, dur });
const printed = (...lines: string[]): string => ['[', ...lines, ']'].join('\n');

const facts = { provider: 'wasm', threads: 1, dimensions: {}, layerNodes: {}, discard: 0 } as const;
const summarize = (text: string, more: Partial<Parameters<typeof summarizeProfile>[1]> = {}) =>
  summarizeProfile(parseProfile(text), { ...facts, ...more })!;

describe('reading what was printed', () => {
  it('reads recorded lines of two threads', () => {
    const events = parseProfile(recorded('wasm-two-threads'));
    // 2 lines about loading; 3 runs of 5 nodes and 2 lines about the run.
    expect(events).toHaveLength(2 + 3 * 7);
    expect(events[2]).toEqual({
      name: 'p2o.Conv.0',
      category: 'node',
      start: 775449,
      duration: 280,
      op: 'Conv',
      provider: 'CPUExecutionProvider',
      thread: 1053752,
    });
    expect(events.at(-1)).toMatchObject({ name: 'model_run', category: 'session', duration: 22530 });
  });

  it('reads names that the runtime did not escape', () => {
    const names = ['a "quoted" node', 'back\\slash', 'two\nlines', '{"cat" : "x"}', '', '","args" : {', 'é☃'];
    const text = printed(...names.map((name, i) => kernel(name, i * 10, 5)), run(0, 100));
    expect(parseProfile(text).map(({ name }) => name)).toEqual([...names, 'model_run']);
  });

  it('passes over what is no event, and never throws', () => {
    expect(parseProfile('')).toEqual([]);
    expect(parseProfile('[\nhello\n]')).toEqual([]);
    expect(parseProfile('{"cat" : "Node"')).toEqual([]);
    expect(parseProfile(printed(kernel('a', 0, 1).slice(0, 60), kernel('b', 1, 1)))).toMatchObject([
      { name: 'b' },
    ]);
    expect(parseProfile(printed(line({ name: 'a_fence_before', ts: 0, dur: 1 })))).toEqual([]);
    expect(parseProfile(printed(kernel('a', -5, 1), kernel('b', 1, 1e308)))).toMatchObject([{ name: 'b' }]);
  });

  it('cuts long names, in time that grows with the length of the text', () => {
    const long = '"'.repeat(200_000);
    const [event] = parseProfile(printed(kernel(long, 0, 1)));
    expect(event.name).toHaveLength(400);
  });
});

describe('times by node', () => {
  it('are medians over the runs that count', () => {
    const runs = [90, 10, 20, 12].flatMap((dur, i) => [kernel('a', i * 100, dur), run(i * 100, dur + 2)]);
    const result = summarize(printed(...runs), { discard: 1 });
    expect(result).toMatchObject({ runs: 3, runMicros: 14, nodesMicros: 12 });
    expect(result.nodes).toEqual([
      { node: 'a', op: 'Conv', provider: 'CPUExecutionProvider', micros: 12, share: 1, layerId: null },
    ]);
  });

  it('leave the slower half out once there are four runs', () => {
    const runs = [10, 900, 11, 800].flatMap((dur, i) => [kernel('a', i * 1000, dur), run(i * 1000, dur)]);
    expect(summarize(printed(...runs))).toMatchObject({ runs: 2, nodesMicros: 10.5 });
  });

  it('count the body of a branch once: the outer node keeps what is its own', () => {
    const text = printed(
      kernel('inner', 12, 30),
      kernel('outer', 10, 40, 'If'),
      kernel('next', 50, 5),
      run(8, 50),
    );
    const byName = Object.fromEntries(summarize(text).nodes.map(({ node, micros }) => [node, micros]));
    expect(byName).toEqual({ inner: 30, outer: 10, next: 5 });
    expect(summarize(text).nodesMicros).toBe(45);
  });

  it('add up where a node runs several times in a run, or a name stands twice', () => {
    const text = printed(kernel('a', 0, 3), kernel('a', 5, 4), run(0, 10), kernel('a', 20, 5), run(20, 6));
    expect(summarize(text).nodes).toMatchObject([{ node: 'a', micros: 6 }]);
  });

  it('keep one typical run as a timeline from its own zero', () => {
    const text = printed(kernel('a', 100, 3), run(98, 10), kernel('a', 200, 4), run(190, 20));
    const { events } = summarize(text, { discard: 1 });
    expect(events).toMatchObject([
      { name: 'model_run', start: 0, duration: 20 },
      { name: 'a', start: 10, duration: 4 },
    ]);
  });

  it('are nothing without a run', () => {
    expect(summarizeProfile([], facts)).toBeUndefined();
    expect(summarizeProfile(parseProfile(printed(run(0, 1))), { ...facts, discard: 1 })).toBeUndefined();
  });

  it('are those of the GPU where it keeps time, and say so where it does not', () => {
    const text = recorded('webgpu');
    const more = { provider: 'webgpu', layerNodes: { w: ['p2o.Conv.0'] } } as const;
    const result = summarize(text, more);
    const conv = result.nodes.find(({ node }) => node === 'p2o.Conv.0_token_1')!;
    // Two recorded runs: 669566 and 137116 µs by the GPU's clock; handing over took 84 µs each.
    expect(conv).toMatchObject({ op: 'Conv', micros: (669566 + 137116) / 2, layerId: 'w' });
    expect(result.events.filter(({ category }) => category === 'gpu')).toHaveLength(6);
    expect(result.note).toBeUndefined();
    const blind = summarize(
      text
        .split('\n')
        .filter((each) => !each.includes('"Api"'))
        .join('\n'),
      more,
    );
    expect(blind.note).toMatch(/timestamp-query/);
    expect(blind.nodes.find(({ node }) => node === 'p2o.Conv.0_token_1')!.micros).toBe(84);
  });
});

describe('layers by node name', () => {
  const layersOf = (names: readonly [string, string][], layerNodes: Record<string, string[]>) => {
    const nodes = names.map(([name, op]) => ({ name, op }));
    const found = findLayers(nodes, layerNodes);
    return nodes.map((node) => found.get(node));
  };

  it('finds recorded names: exact, made unique, fused, quantized', () => {
    const layerNodes = {
      conv: ['conv_3'],
      fc: ['p2o.MatMul.0'],
      dense: ['dense_2'],
      gemm: ['gemm_42', 'gemm_43'],
    };
    expect(
      layersOf(
        [
          ['conv_3', 'FusedConv'],
          ['conv_3_token_1', 'QLinearConv'],
          ['conv_3_nchwc_token_7', 'Conv'],
          ['p2o.MatMul.0/MatMulAddFusion', 'Gemm'],
          ['dense_2_quant', 'DynamicQuantizeMatMul'],
          ['gemm_43', 'QGemm'],
        ],
        layerNodes,
      ),
    ).toEqual(['conv', 'conv', 'conv', 'fc', 'dense', 'gemm']);
  });

  it('does not take one number for another, nor a neighbour in the same scope', () => {
    const layerNodes = { first: ['Conv_1'], scope: ['dense'] };
    expect(
      layersOf(
        [
          ['Conv_12', 'Conv'],
          ['Conv_1_2', 'Conv'],
          ['Conv', 'Conv'],
          ['dense/Relu', 'Relu'],
          ['', 'Add'],
        ],
        layerNodes,
      ),
    ).toEqual([null, null, null, null, null]);
  });

  it('goes by order where fused nodes have no name, and only when the numbers agree', () => {
    const layerNodes = { a: ['Conv_0'], b: ['Conv_3'], c: ['Conv_6'] };
    const nodes: [string, string][] = [
      ['FusedConv_212', 'FusedConv'],
      ['Conv_3', 'Conv'],
      ['FusedConv_99', 'FusedConv'],
    ];
    // Conv_0 and Conv_6 are gone, and two came: the lower number is the earlier one.
    expect(layersOf(nodes, layerNodes)).toEqual(['c', 'b', 'a']);
    expect(layersOf(nodes.slice(1), layerNodes)).toEqual(['b', null]);
  });
});
