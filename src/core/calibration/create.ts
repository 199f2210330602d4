/**
 * The source of statistics behind `Calibration`: keeps what was found by model, samples and request, and sweeps the
 * samples for the rest. It must not know passes, hosts or files.
 */
import { gatherGrams } from './grams.ts';
import type { GraphRunner } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';
import type { MatrixKernels } from '../tensor/kernel-set.ts';
import { modelKey } from './model-key.ts';
import { plainModel } from './plain-model.ts';
import { channelKey, gatherStatistics, type Found } from './statistics.ts';
import type {
  Calibration,
  CalibrationSamples,
  ChannelFigures,
  Statistics,
  StatisticsRequest,
  ValueHistogram,
  ValueRange,
} from './types.ts';

export interface CalibrationParts {
  readonly runner: GraphRunner;
  readonly samples: CalibrationSamples;
  readonly kernels: Pick<MatrixKernels, 'accumulateGram'>;
}

/** Models whose figures are kept: the steps of a few recipes. The one that was asked for longest ago goes first. */
const KEPT_MODELS = 32;

interface Known {
  readonly ranges: Map<string, ValueRange>;
  readonly histograms: Map<string, ValueHistogram>;
  readonly channels: Map<string, ChannelFigures>;
  readonly missing: Map<string, string>;
  readonly missingChannels: Map<string, string>;
  samples: number;
  channelSamples: number;
}

/** Statistics over `samples`, computed by `runner`. Nothing is run before something is asked. */
export function createCalibration(parts: CalibrationParts): Calibration {
  const kept = new Map<string, Known>();

  function knownOf(model: Model): Known {
    const key = modelKey(model);
    const known = kept.get(key) ?? {
      ranges: new Map(),
      histograms: new Map(),
      channels: new Map(),
      missing: new Map(),
      missingChannels: new Map(),
      samples: 0,
      channelSamples: 0,
    };
    kept.delete(key);
    kept.set(key, known);
    if (kept.size > KEPT_MODELS) kept.delete([...kept.keys()][0]);
    return known;
  }

  return {
    samples: parts.samples,
    async statistics(model, request, checkpoint) {
      const plain = plainModel(model, request.of);
      const known = knownOf(plain);
      const wanted = unknownOf(request, known);
      if (wanted.ranges.length + wanted.histograms.length + wanted.channels.length > 0) {
        merge(known, await gatherStatistics(parts, plain, wanted, checkpoint));
      }
      return answer(request, known);
    },
    grams: (model, layers, of, checkpoint, visit) =>
      gatherGrams(parts, plainModel(model, of), layers, checkpoint, visit),
  };
}

function unknownOf(request: StatisticsRequest, known: Known) {
  const lost = (name: string): boolean => known.missing.has(name);
  const channels = new Map(
    (request.channels ?? []).map((asked) => [channelKey(asked.value, asked.axis), asked] as const),
  );
  for (const key of channels.keys()) {
    if (known.channels.has(key) || known.missingChannels.has(key)) channels.delete(key);
  }
  return {
    ranges: (request.ranges ?? []).filter((name) => !known.ranges.has(name) && !lost(name)),
    histograms: (request.histograms ?? []).filter((name) => !known.histograms.has(name) && !lost(name)),
    channels: [...channels.values()],
  };
}

function merge(known: Known, found: Found): void {
  for (const [name, range] of found.ranges) known.ranges.set(name, range);
  for (const [name, histogram] of found.histograms) known.histograms.set(name, histogram);
  for (const [key, figures] of found.channels) known.channels.set(key, figures);
  for (const [name, reason] of found.missing) known.missing.set(name, reason);
  for (const [key, reason] of found.missingChannels) known.missingChannels.set(key, reason);
  known.samples = Math.max(known.samples, found.samples);
  known.channelSamples = Math.max(known.channelSamples, found.channelSamples);
}

function answer(request: StatisticsRequest, known: Known): Statistics {
  const missing = new Map<string, string>();
  const ranges = new Map<string, ValueRange>();
  const histograms = new Map<string, ValueHistogram>();
  for (const name of [...(request.ranges ?? []), ...(request.histograms ?? [])]) {
    const range = known.ranges.get(name);
    if (range !== undefined) ranges.set(name, range);
    else missing.set(name, known.missing.get(name) ?? UNKNOWN);
  }
  for (const name of request.histograms ?? []) {
    const histogram = known.histograms.get(name);
    if (histogram !== undefined) histograms.set(name, histogram);
    else missing.set(name, known.missing.get(name) ?? UNKNOWN);
  }
  const asked = request.channels ?? [];
  const channels = new Map<string, ChannelFigures>();
  for (const { value, axis } of asked) {
    const key = channelKey(value, axis);
    const several = asked.some((other) => other.value === value && other.axis !== axis);
    const figures = known.channels.get(key);
    if (figures !== undefined) channels.set(several ? key : value, figures);
    else missing.set(several ? key : value, known.missingChannels.get(key) ?? UNKNOWN);
  }
  const channelSamples = channels.size === 0 ? 0 : known.channelSamples;
  return { ranges, histograms, channels, missing, samples: known.samples, channelSamples };
}

const UNKNOWN = 'it was not found';
