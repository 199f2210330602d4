/**
 * What a measured variant is worth, in words. It never praises a difference that the measurement cannot tell from
 * none, and says plainly when a variant is worse. Pure text.
 */
import type { MetricId, TaskComparison } from '../../core/metrics/tasks/types.ts';
import type { Interval, LatencyMeasurement } from '../../core/metrics/types.ts';
import { computesOtherwise, POOR_COSINE } from '../../core/search/recommend.ts';
import { formatDifference, metricWords } from './metric-text.ts';
import { formatBytes, formatDecibels, formatFactor, formatPercent, plural, signed } from '../ui/format.ts';
import type { StudyEntry } from './state.ts';
import { ORIGINAL } from './state.ts';

export type Tone = 'good' | 'bad' | 'neutral';

export interface Verdict {
  readonly tone: Tone;
  readonly text: string;
  /** The interval, said apart because it is quieter. */
  readonly range?: string;
  /** Nothing got worse for certain, but it is not recommended: it may be slower. */
  readonly held?: boolean;
}

/** Sizes are exact, so every byte of difference is real. */
export function sizeVerdict(bytes: number, originalBytes: number): Verdict {
  if (bytes === originalBytes) return { tone: 'neutral', text: 'as large as the original' };
  const factor = originalBytes / bytes;
  if (bytes > originalBytes) {
    return { tone: 'bad', text: `larger than the original by ${formatBytes(bytes - originalBytes)}` };
  }
  return { tone: 'good', text: `${factor >= 10 ? factor.toFixed(0) : factor.toFixed(1)}× smaller` };
}

/** A gain below one percent is not worth a word of praise, even where it is certain. A loss is said at any size. */
const WORTH_SAYING = 1.01;

/** An interval that reaches further than this on either side says that the run was noisy, not that nothing changed. */
const CLOSE = 1.2;

const TOO_NOISY = 'too noisy';

export function latencyVerdict(entry: StudyEntry): Verdict | null {
  const latency = entry.measurement?.latency ?? null;
  return latency === null || entry.id === ORIGINAL ? null : speedVerdict(latency);
}

/** From the 95 % interval of the paired ratio: 1 inside it means that this run cannot tell. */
export function speedVerdict(latency: Pick<LatencyMeasurement, 'speedup' | 'speedupInterval'>): Verdict {
  const { low, high } = latency.speedupInterval;
  const range = `[${low.toFixed(2)}, ${high.toFixed(2)}]`;
  if (high < 1) return { tone: 'bad', text: `slower, ${formatFactor(latency.speedup)}`, range };
  if (low > WORTH_SAYING) return { tone: 'good', text: `faster, ${formatFactor(latency.speedup)}`, range };
  const close = low >= 1 / CLOSE && high <= CLOSE;
  return { tone: 'neutral', text: close ? 'no difference' : TOO_NOISY, range };
}

/** From the 95 % interval of the paired difference on the same samples. */
export function accuracyVerdict(entry: StudyEntry): Verdict | null {
  const comparison = entry.evaluation?.comparison ?? null;
  if (comparison === null || entry.id === ORIGINAL) return null;
  const { metric, difference, interval } = comparison;
  const range = rangeText(metric, interval);
  const text = formatDifference(metric, difference);
  const { low, high } = gainInterval(comparison);
  if (high < 0) return { tone: 'bad', text, range };
  if (low > 0 && comparison.unanswered === undefined) return { tone: 'good', text, range };
  return { tone: 'neutral', text, range };
}

/** The interval of the difference, turned so that more is better. */
function gainInterval({ interval, higherIsBetter }: TaskComparison): Interval {
  return higherIsBetter ? interval : { low: -interval.high, high: -interval.low };
}

function rangeText(metric: MetricId, { low, high }: Interval): string {
  if (metricWords(metric).fraction) return `[${signed(low * 100, 1)}, ${signed(high * 100, 1)}]`;
  return `[${formatDifference(metric, low)}, ${formatDifference(metric, high)}]`;
}

/** From here on the outputs are the same for most uses: 8° apart. Below it nothing is recommended, nothing condemned. */
const GOOD_COSINE = 0.99;

export function agreementVerdict(entry: StudyEntry): Verdict | null {
  const agreement = entry.measurement?.agreement ?? null;
  if (agreement === null || entry.id === ORIGINAL) return null;
  const { cosine, sqnrDb, top1 } = agreement;
  const tone = cosine < POOR_COSINE ? 'bad' : cosine < GOOD_COSINE ? 'neutral' : 'good';
  return {
    tone,
    text:
      top1 === undefined
        ? `${formatDecibels(sqnrDb)} signal to difference`
        : `same first class: ${formatPercent(top1, 0)}`,
  };
}

/**
 * One sentence for the whole variant, worst news first. Only what was measured can make it good news: a variant is
 * never praised when it is worse, when the run was too noisy to tell, or when there are too few samples to tell.
 */
export function overallVerdict(entry: StudyEntry, originalBytes: number): Verdict {
  if (entry.id === ORIGINAL) return { tone: 'neutral', text: 'This is the original file, unchanged.' };
  const size = sizeVerdict(entry.bytes, originalBytes);
  const latency = latencyVerdict(entry);
  const comparison = entry.evaluation?.comparison ?? null;
  const quality = accuracyVerdict(entry) ?? agreementVerdict(entry);
  const losses = lossesOf(entry, size, latency, quality);
  if (losses !== '') {
    const gain = size.tone === 'good' ? `${size.text}, but ` : '';
    return { tone: 'bad', text: capital(`${gain}${losses}.`) };
  }
  const parts = [size.text, speedWords(latency), heldWords(entry)];
  const held = comparison === null ? quality?.tone === 'good' : comparison.tooFew === null;
  const told = latency !== null && latency.text !== TOO_NOISY && entry.evaluationFailure === null;
  const slow = mayBeSlower(entry);
  const unsure = timedOnMadeUp(entry);
  const good = size.tone === 'good' && told && held && !slow && !unsure;
  if (unsure && !slow) parts.push('timed on made-up inputs: integers may take longer on yours');
  if (slow) parts.push('not recommended: its speed may be below the original’s');
  return {
    tone: good ? 'good' : 'neutral',
    text: capital(`${parts.join(', ')}.`),
    ...(slow ? { held: true } : {}),
  };
}

/**
 * Other arithmetic must prove that it is not slower: the whole 95 % interval has to lie at 1.00× or above. Weights that
 * are decoded when the session is made leave the arithmetic as it was, so that an interval around 1 is only noise.
 */
export function mayBeSlower(entry: StudyEntry): boolean {
  const latency = entry.measurement?.latency ?? null;
  return latency !== null && otherArithmetic(entry) && latency.speedupInterval.low < 1;
}

/** Times of integer kernels depend on the values that they are given; those of float kernels hardly do. */
function timedOnMadeUp({ measurement, summary }: StudyEntry): boolean {
  if (measurement?.latency?.inputs !== 'synthetic') return false;
  return (
    summary?.steps.some(({ pass, changed }) => pass === 'quantize-activations' && changed.length > 0) ?? false
  );
}

/** As the judge of candidates sees it. */
export function otherArithmetic({ recipe, summary }: StudyEntry): boolean {
  return computesOtherwise(recipe, summary?.steps ?? null);
}

/** @param quality the verdict on accuracy where there is one, else on agreement */
function lossesOf(
  entry: StudyEntry,
  size: Verdict,
  latency: Verdict | null,
  quality: Verdict | null,
): string {
  const comparison = entry.evaluation?.comparison ?? null;
  const worse: string[] = [];
  if (size.tone === 'bad') worse.push('larger');
  if (latency?.tone === 'bad') worse.push('slower');
  if (comparison !== null && quality?.tone === 'bad') worse.push(lostWords(comparison));
  const last = worse.pop();
  const list = last === undefined ? '' : worse.length === 0 ? last : `${worse.join(', ')} and ${last}`;
  const losses = list === '' ? [] : [`${list} than the original`];
  if (comparison === null && quality?.tone === 'bad') losses.push('far from the original’s outputs');
  const unanswered = comparison?.unanswered ?? 0;
  if (unanswered > 0) losses.push(`no answer on ${plural(unanswered, 'sample')}`);
  return losses.join(', and ');
}

/** One point and sixty are not the same news. */
function lostWords({ metric, difference }: TaskComparison): string {
  const { fraction, name, higherIsBetter } = metricWords(metric);
  if (!fraction) return `worse by ${formatDifference(metric, Math.abs(difference)).replace('+', '')} ${name}`;
  const points = Math.abs(difference * 100).toFixed(1);
  if (!higherIsBetter) return `worse by ${points} points`;
  return points === '0.0' ? 'slightly less accurate' : `${points} points less accurate`;
}

function speedWords(latency: Verdict | null): string {
  if (latency === null) return 'speed not measured';
  if (latency.text === TOO_NOISY) return 'too noisy to tell its speed';
  return latency.tone === 'good' ? 'faster' : 'no slower that this run can tell';
}

function heldWords({ evaluation, evaluationFailure, measurement }: StudyEntry): string {
  const comparison = evaluation?.comparison ?? null;
  if (comparison !== null) {
    return comparison.tooFew === null
      ? 'no accuracy lost that this data can tell'
      : `too few samples (${comparison.n}) to tell its accuracy from the original’s`;
  }
  if (evaluationFailure !== null) return 'accuracy not measured';
  const cosine = measurement?.agreement?.cosine;
  return cosine === undefined ? 'agreement not measured' : `cosine to the original ${cosine.toFixed(4)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
