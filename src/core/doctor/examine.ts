/**
 * Looks for everything that is known to go wrong with a model on a target, before it is downloaded: rules of the target,
 * arithmetic that overflows, layers that are slower than they look, ranges that rest on nothing. What could not be looked
 * at is said. It must not know pages, files or a particular runtime.
 */
import type { Calibration, CalibrationSamples, Checkpoint, ValueRange } from '../calibration/types.ts';
import { PareError } from '../errors.ts';
import type { Model } from '../onnx/ir.ts';
import type { ProfileResult } from '../profile/types.ts';
import { checkTarget } from '../targets/rules/check.ts';
import { qdqView } from '../targets/rules/qdq-view.ts';
import type { QdqView } from '../targets/rules/qdq-view.ts';
import type { Breach } from '../targets/rules/types.ts';
import type { Target } from '../targets/types.ts';
import { executedFindings } from './executed.ts';
import { finding } from './finding.ts';
import { halfFindings } from './half-findings.ts';
import { computesInHalf, halfValues } from './half.ts';
import { canSaturate, islandFindings, saturationFindings } from './integer-findings.ts';
import { pairFinding } from './pair.ts';
import { placesOf } from './places.ts';
import type { Places } from './places.ts';
import { rangesWanted } from './saturation.ts';
import { madeUpFindings, shapeFindings, tiedFindings } from './structure.ts';
import type { DoctorReport, Finding, HazardId } from './types.ts';

export interface Examination {
  /** As it was opened. Absent when only a finished file is at hand. */
  readonly original: Model | undefined;
  /** Standard ONNX, as it would be downloaded. */
  readonly written: Model;
  /** The variant with compressed weights as data; absent = the file was not made here. */
  readonly logical: Model | undefined;
  readonly target: Target;
  /** To see how large activations get. */
  readonly calibration: Calibration | undefined;
  /** What the variant was made with; absent = nobody knows. */
  readonly calibratedOn?: Pick<CalibrationSamples, 'origin' | 'description'> | undefined;
  /** Of the written file, with its layers named; absent = it was not profiled. */
  readonly profile?: ProfileResult | undefined;
}

/** State that the checks share. */
export interface Look extends Examination {
  readonly view: QdqView;
  readonly places: Places;
  readonly ranges: ReadonlyMap<string, ValueRange>;
  readonly checked: string[];
  readonly notChecked: { what: string; reason: string }[];
}

/** @throws PareError `cancelled`, from the checkpoint. */
export async function examine(given: Examination, checkpoint: Checkpoint): Promise<DoctorReport> {
  const stranger = given.original === undefined ? undefined : pairFinding(given.original, given.written);
  // What is counted against another model would be wrong in every number.
  const examination = stranger === undefined ? given : { ...given, original: undefined };
  const { written, logical, original, target } = examination;
  await checkpoint(0, 'reading the graph');
  const view = qdqView(written.graph);
  const notChecked: { what: string; reason: string }[] = [];
  const ranges = await activationRanges(examination, view, notChecked, checkpoint);
  const look: Look = {
    ...examination,
    view,
    places: placesOf(logical ?? original ?? written),
    ranges,
    checked: [],
    notChecked,
  };
  const findings: Finding[] = stranger === undefined ? [] : [stranger];
  const steps: readonly [string, (look: Look) => readonly Finding[]][] = [
    ['checking the rules of the target', ruleFindings],
    ['counting sums that saturate', saturationFindings],
    ['looking at 16-bit floats', halfFindings],
    ['looking for layers between integer layers', islandFindings],
    ['looking at shared weights', tiedFindings],
    ['looking at sizes', shapeFindings],
    ['looking at calibration', madeUpFindings],
    ['looking at the profile', executedFindings],
  ];
  for (const [i, [doing, step]] of steps.entries()) {
    await checkpoint(0.5 + (0.5 * i) / steps.length, doing);
    findings.push(...step(look));
  }
  await checkpoint(1, 'done');
  return { target: target.id, findings: worstFirst(findings), checked: look.checked, notChecked };
}

const ORDER = { error: 0, warning: 1, note: 2 } as const;

export function worstFirst(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}

const HAZARDS = {
  dialect: 'rule-broken',
  operator: 'operator-refused',
  opset: 'opset-refused',
  'per-channel-opset': 'per-channel-opset',
  shape: 'dynamic-shape',
} as const satisfies Record<Breach['kind'], HazardId>;

/** Counted exactly by the saturation check, which knows which sums can really leave 16 bits. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set(['weight-reduced-range']);

function ruleFindings({ written, target, places, checked }: Look): Finding[] {
  checked.push(`Operators, operator set and quantization form against what ${target.label} reads`);
  return checkTarget(written, target)
    .filter(({ rule }) => !SAID_ELSEWHERE.has(rule))
    .map(({ kind, severity, what, where, why, fix }) =>
      finding({
        hazard: HAZARDS[kind],
        severity,
        what,
        where: where.map((name) => places.named(name)),
        why,
        fix,
        source: 'counted',
      }),
    );
}

/** One sweep over the samples for everything that wants to know how large values get. */
async function activationRanges(
  { original, written, calibration, target }: Examination,
  view: QdqView,
  notChecked: { what: string; reason: string }[],
  checkpoint: Checkpoint,
): Promise<ReadonlyMap<string, ValueRange>> {
  const half = computesInHalf(written);
  const wanted = new Set(canSaturate(target.id) ? rangesWanted(view) : []);
  if (half) for (const name of halfValues(written)) wanted.add(name);
  if (wanted.size === 0) return new Map();
  const what = half ? 'Whether activations fit 16-bit floats' : 'How large activations really get';
  if (calibration === undefined || original === undefined) {
    const reason =
      original === undefined ? 'Its original was not given.' : 'No samples were given to see it on.';
    notChecked.push({ what, reason });
    return new Map();
  }
  const own = new Set(original.graph.nodes.flatMap((node) => node.outputs));
  for (const { name } of original.graph.inputs) own.add(name);
  const ranges = [...wanted].filter((name) => name !== '' && own.has(name));
  try {
    const found = await calibration.statistics(original, { of: 'floats', ranges }, (fraction, doing) =>
      checkpoint(fraction / 2, doing),
    );
    return found.ranges;
  } catch (error) {
    // A model that does not run here can still be examined.
    if (!(error instanceof PareError) || error.code === 'cancelled') throw error;
    notChecked.push({ what, reason: error.message });
    return new Map();
  }
}
