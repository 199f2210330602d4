/**
 * Whether a file can have been made from an original at all, by what callers see of both: names, types and sizes of
 * inputs and outputs. Compressing changes none of them. It must not know weights or runtimes.
 */
import type { Model, ValueInfo } from '../onnx/ir.ts';
import { count, finding } from './finding.ts';
import type { Finding } from './types.ts';

/** @returns a finding where the two are no pair; what is compared between them would then say nothing. */
export function pairFinding(original: Model, written: Model): Finding | undefined {
  const differences = [
    ...differencesOf('output', original.graph.outputs, written.graph.outputs),
    ...differencesOf('input', fedInputs(original), fedInputs(written)),
  ];
  if (differences.length === 0) return undefined;
  return finding({
    hazard: 'not-a-pair',
    severity: 'error',
    what: `This file was not made from that original: ${count(differences.length, 'difference')} in what goes in and comes out (${differences.slice(0, 3).join('; ')}${differences.length > 3 ? '; …' : ''}).`,
    where: [],
    why: 'Compressing a model keeps its inputs and outputs. Between two unrelated models no difference of weights or outputs means anything, so that nothing was compared.',
    fix: 'Give the original that this file was made from, or leave it out: the file is then examined alone.',
    source: 'counted',
  });
}

/** What callers must give: an initializer that is listed as an input has a default. */
function fedInputs({ graph }: Model): ValueInfo[] {
  const constants = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs.filter(({ name }) => !constants.has(name));
}

function differencesOf(kind: string, before: readonly ValueInfo[], after: readonly ValueInfo[]): string[] {
  const known = new Map(after.map((value) => [value.name, value]));
  const own = new Set(before.map(({ name }) => name));
  // A tool may drop an input that nothing reads.
  const mayDrop = kind === 'input' && before.some(({ name }) => known.has(name));
  const lost = before.flatMap((value) => {
    const twin = known.get(value.name);
    if (twin === undefined) return mayDrop ? [] : [`no ${kind} "${value.name}"`];
    return contradicts(value, twin)
      ? [`${kind} "${value.name}" is ${typeText(twin)} instead of ${typeText(value)}`]
      : [];
  });
  const added = after.filter(({ name }) => !own.has(name)).map(({ name }) => `${kind} "${name}" is new`);
  return [...lost, ...added];
}

/** Free sizes may become fixed ones and the other way round: only two numbers can contradict each other. */
function contradicts({ type: a }: ValueInfo, { type: b }: ValueInfo): boolean {
  if (a === undefined || b === undefined) return false;
  if (kindOf(a.elementType) !== kindOf(b.elementType)) return true;
  if (a.shape === undefined || b.shape === undefined) return false;
  if (a.shape.length !== b.shape.length) return true;
  const other = b.shape;
  return a.shape.some(
    (dim, i) => typeof dim === 'number' && typeof other[i] === 'number' && dim !== other[i],
  );
}

const FLOATS: ReadonlySet<string> = new Set(['float32', 'float16', 'bfloat16', 'float64']);

/** Other tools make the inputs and outputs of a model halves, too. */
const kindOf = (type: string | undefined): string | undefined =>
  type !== undefined && FLOATS.has(type) ? 'float' : type;

function typeText({ type }: ValueInfo): string {
  const sizes = type?.shape?.map((dim) => dim ?? '?').join(', ');
  return `${type?.elementType ?? 'of unknown type'}${sizes === undefined ? '' : ` [${sizes}]`}`;
}
