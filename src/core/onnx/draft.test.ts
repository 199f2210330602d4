import { describe, expect, it } from 'vitest';
import { concatParts, MemorySource } from '../bytes/spans.ts';
import {
  constantNode,
  floatTensor,
  graph,
  graphValue,
  int64Tensor,
  model,
  node,
  valueInfo,
} from './build.ts';
import { openDraft } from './draft.ts';
import type { Model } from './ir.ts';
import { readModel } from './read.ts';
import { writeModel } from './write.ts';

const bytesOf = (m: Model): Uint8Array => concatParts(writeModel(m).model);
const reread = (m: Model): Model => readModel(new MemorySource(bytesOf(m)));

/** x → Relu → a → Add(w) → y, and an If whose branches capture a. */
function sample(irVersion = 8): Model {
  const branch = (op: string) =>
    graph({
      name: op,
      nodes: [node(op, ['a'], [`${op}_out`])],
      outputs: [valueInfo(`${op}_out`, 'float32')],
    });
  return reread(
    model(
      graph({
        nodes: [
          node('Relu', ['x'], ['a'], { name: 'r' }),
          node('Add', ['a', 'w'], ['y'], { name: 'add' }),
          node('If', ['c'], ['z'], {
            attrs: { then_branch: graphValue(branch('Neg')), else_branch: graphValue(branch('Abs')) },
          }),
        ],
        initializers: [floatTensor('w', [2], [1, 2])],
        inputs: [valueInfo('x', 'float32', [2]), valueInfo('c', 'bool', [])],
        outputs: [valueInfo('y', 'float32', [2]), valueInfo('z', 'float32')],
        valueInfos: [valueInfo('a', 'float32', [2])],
      }),
      { irVersion },
    ),
  );
}

describe('a draft', () => {
  it('is the base itself while nothing is changed', () => {
    const base = sample();
    const draft = openDraft(base);
    draft.setOpset('', 17);
    draft.main.sort();
    expect(draft.finish()).toBe(base);
    expect(bytesOf(draft.finish())).toEqual(bytesOf(base));
  });

  it('sees uses of nested graphs and names their scope', () => {
    const { main } = openDraft(sample());
    expect(main.uses('a').map((u) => [u.scope.path, u.node.opType, u.input])).toEqual([
      ['', 'Add', 0],
      ['If_2/then_branch', 'Neg', 0],
      ['If_2/else_branch', 'Abs', 0],
    ]);
    expect(main.uses('')).toEqual([]);
  });

  it('lists the main graph first, then nested ones in node order', () => {
    expect(
      openDraft(sample())
        .graphs()
        .map((g) => g.path),
    ).toEqual(['', 'If_2/then_branch', 'If_2/else_branch']);
  });

  it('redirects uses in nested graphs and drops the value_info of a value that is gone', () => {
    const base = sample();
    const draft = openDraft(base);
    const { main } = draft;
    main.replaceUses('a', 'x');
    main.removeNode(main.producer('a')!);
    const changed = draft.finish();
    expect(changed.graph.nodes.map((n) => n.opType)).toEqual(['Add', 'If']);
    expect(changed.graph.valueInfos).toEqual([]);
    const again = reread(changed);
    const branches = again.graph.nodes[1].attributes.map((a) =>
      a.kind === 'graph' ? a.value.nodes[0].inputs : [],
    );
    expect(branches).toEqual([['x'], ['x']]);
    expect(base.graph.nodes).toHaveLength(3);
  });

  it('refuses to replace a node that has changed since, and finds the current one', () => {
    const { main } = openDraft(sample());
    const add = main.producer('y')!;
    main.replaceUses('w', 'x');
    expect(() => main.replaceNode(add, { ...add, name: 'stale' })).toThrow(/not current/);
    expect(main.current(add)?.inputs).toEqual(['a', 'x']);
    main.removeNode(add);
    expect(main.current(add)).toBeUndefined();
  });

  it('writes a changed copy although a spread carries the old bytes along', () => {
    const draft = openDraft(sample());
    const w = draft.main.initializers.get('w')!;
    draft.main.setInitializer({ ...w, dims: [1, 2] });
    const relu = draft.main.producer('a')!;
    draft.main.replaceNode(relu, { ...relu, opType: 'Sigmoid' });
    const again = reread(draft.finish());
    expect(again.graph.initializers[0].dims).toEqual([1, 2]);
    expect(again.graph.nodes[0].opType).toBe('Sigmoid');
  });

  it('gives names that nothing in the model has', () => {
    const { main } = openDraft(sample());
    expect([main.freshName('a'), main.freshName('a'), main.freshName('new'), main.freshName('')]).toEqual([
      'a_1',
      'a_2',
      'new',
      '_1',
    ]);
  });

  it('inserts before an anchor and sorts what is out of order', () => {
    const draft = openDraft(sample());
    const { main } = draft;
    const add = main.producer('y')!;
    main.addNode(node('Neg', ['late'], ['early']), add);
    main.addNode(node('Abs', ['x'], ['late']));
    main.sort();
    expect(main.nodes.map((n) => n.opType)).toEqual(['Relu', 'Abs', 'Neg', 'Add', 'If']);
  });

  it('sorts by what nested graphs capture', () => {
    const base = sample();
    const [relu, add, branch] = base.graph.nodes;
    const draft = openDraft({ ...base, graph: { ...base.graph, nodes: [branch, add, relu] } });
    draft.main.sort();
    expect(draft.main.nodes.map((n) => n.opType)).toEqual(['Relu', 'If', 'Add']);
  });

  it('refuses a circle', () => {
    const { main } = openDraft(
      model(graph({ nodes: [node('Relu', ['b'], ['a']), node('Relu', ['a'], ['b'])] })),
    );
    expect(() => main.sort()).toThrow(expect.objectContaining({ code: 'invalid-graph' }));
  });

  it('knows constants of this and of enclosing graphs, but no overridable ones', () => {
    const w = floatTensor('w', [1], [1]);
    const g = graph({
      nodes: [constantNode(int64Tensor('k', [1], [7])), node('Add', ['x', 'w'], ['y'])],
      initializers: [w],
      inputs: [valueInfo('w', 'float32', [1])],
      outputs: [valueInfo('y', 'float32')],
    });
    expect(openDraft(model(g)).main.constant('k')?.dims).toEqual([1]);
    expect(openDraft(model(g)).main.constant('w')).toBeUndefined();
    // Before IR 4 every initializer had to be listed as an input, and none could be overridden.
    expect(openDraft(model(g, { irVersion: 3 })).main.constant('w')).toBe(w);
    const inner = openDraft(sample()).graphs()[1];
    expect(inner.constant('w')?.name).toBe('w');
  });

  it('lists new initializers as inputs before IR 4, and unlists all when it leaves that age', () => {
    const g = graph({
      nodes: [node('Add', ['x', 'w'], ['y'])],
      initializers: [floatTensor('w', [1], [1])],
      inputs: [valueInfo('x', 'float32', [1]), valueInfo('w', 'float32', [1])],
      outputs: [valueInfo('y', 'float32')],
    });
    const old = openDraft(model(g, { irVersion: 3 }));
    old.main.setInitializer(floatTensor('v', [1], [1]));
    expect(old.finish().graph.inputs.map((i) => i.name)).toEqual(['x', 'w', 'v']);
    const raised = openDraft(model(g, { irVersion: 3 }));
    raised.setIrVersion(8);
    expect(raised.finish().graph.inputs.map((i) => i.name)).toEqual(['x']);
  });

  it('writes an initializer of a function body as a Constant node', () => {
    const f = {
      name: 'f',
      domain: 'own',
      overload: '',
      inputs: ['x'],
      outputs: ['y'],
      attributeNames: [],
      nodes: [constantNode(floatTensor('w', [1], [1])), node('Mul', ['x', 'w'], ['y'])],
      opsets: [{ domain: '', version: 17 }],
      docString: '',
    };
    const draft = openDraft(model(graph({}), { functions: [f] }));
    const body = draft.graphs()[1];
    expect(body.path).toBe('fn:own.f');
    body.setInitializer(floatTensor('w', [2], [1, 2]));
    body.setInitializer(floatTensor('v', [1], [3]));
    const done = draft.finish().functions[0];
    expect(done.nodes.map((n) => n.outputs[0])).toEqual(['v', 'w', 'y']);
    expect(openDraft(draft.finish()).graphs()[1].constant('w')?.dims).toEqual([2]);
  });

  it('edits ten thousand nodes one by one', () => {
    const n = 10_000;
    const nodes = Array.from({ length: n }, (_, i) =>
      node(i % 2 === 0 ? 'Relu' : 'Identity', [`v${i}`], [`v${i + 1}`]),
    );
    const draft = openDraft(model(graph({ nodes, outputs: [valueInfo(`v${n}`, 'float32')] })));
    const { main } = draft;
    for (const old of main.nodes) {
      if (old.opType !== 'Identity' || main.isGraphOutput(old.outputs[0])) continue;
      main.replaceUses(old.outputs[0], old.inputs[0]);
      main.removeNode(old);
    }
    main.sort();
    expect(main.nodes).toHaveLength(n / 2 + 1);
    expect(draft.finish().graph.nodes.at(-1)?.inputs).toEqual([`v${n - 1}`]);
  });
});
