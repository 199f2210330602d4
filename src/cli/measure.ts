/** `pare measure`: runs a model in onnxruntime-web, alone or in turn with its original. */
import { basename } from 'node:path';
import { concatParts } from '../core/bytes/spans.ts';
import { PareError } from '../core/errors.ts';
import type { Interval } from '../core/metrics/types.ts';
import { assertValid } from '../core/onnx/verify.ts';
import { writeModel } from '../core/onnx/write.ts';
import type { DownloadFile, MeasureResult } from '../runtime/contract.ts';
import { measureInNode } from '../runtime/node-measure.ts';
import type { Command } from './arguments.ts';
import { openModelFile, type OpenModel } from './open-model.ts';
import type { Outcome } from './outcome.ts';
import { formatBytes, formatMillis, formatPairs, formatPercent, formatTable, significant } from './table.ts';

type MeasureCommand = Extract<Command, { name: 'measure' }>;

/**
 * @throws PareError as openModelFile does; `not-measurable` with the reason when no number at all could be had
 */
export async function measureModel(command: MeasureCommand): Promise<Outcome> {
  const variant = openModelFile(command.model);
  const original = command.against === undefined ? undefined : openModelFile(command.against);
  try {
    assertValid(variant.model);
    if (original !== undefined) assertValid(original.model);
    const files = filesOf(variant);
    const measured = await measureInNode({
      provider: 'wasm',
      threads: command.threads,
      seed: command.seed,
      dimensions: command.dimensions,
      budgetMillis: command.budgetMillis,
      original: original === undefined ? files : filesOf(original),
      variant: files,
    });
    const result = original === undefined ? alone(measured) : measured;
    refuseEmpty(result);
    const json = {
      file: command.model,
      bytes: variant.bytes,
      ...(original === undefined ? {} : { against: command.against, againstBytes: original.bytes }),
      ...result,
    };
    return { json, text: describe(variant, original, result) };
  } finally {
    variant.dispose();
    original?.dispose();
  }
}

/** The files as they are, under the names by which the model knows them. */
function filesOf({ path, model }: OpenModel): DownloadFile[] {
  const written = writeModel(model);
  return [
    { name: basename(path), parts: [concatParts(written.model)] },
    ...written.data.map(({ name, parts }) => ({ name, parts: [concatParts(parts)] })),
  ];
}

/** A model agrees with itself; that is no finding. */
function alone(result: MeasureResult): MeasureResult {
  const reason = 'No original was given to compare with (--against).';
  return {
    ...result,
    agreement: null,
    notMeasured: [
      ...result.notMeasured.filter(({ what }) => what !== 'agreement'),
      { what: 'agreement', reason },
    ],
  };
}

function refuseEmpty({ latency, agreement, memory, notMeasured }: MeasureResult): void {
  if (latency !== null || agreement !== null || memory !== null) return;
  const reasons = new Set(notMeasured.filter(({ what }) => what === 'latency').map(({ reason }) => reason));
  throw new PareError('not-measurable', `The model could not be measured. ${[...reasons].join(' ')}`.trim(), {
    hint: 'Its weights can still be compressed. Free dimensions can be given with --dim.',
  });
}

function describe(variant: OpenModel, original: OpenModel | undefined, result: MeasureResult): string {
  const { latency, agreement, memory, machine, notMeasured } = result;
  const rows: string[][] = [
    ['Size', formatBytes(variant.bytes), ...against(original?.bytes, variant.bytes, formatBytes), 'measured'],
  ];
  if (latency !== null) {
    rows.push([
      `Latency, ${latency.threads} ${latency.threads === 1 ? 'thread' : 'threads'}`,
      `${formatMillis(latency.variantMillis)} ${interval(latency.variantInterval)}`,
      original === undefined
        ? ''
        : `${formatMillis(latency.originalMillis)} ${interval(latency.originalInterval)}`,
      original === undefined ? '' : `${significant(latency.speedup)}× ${interval(latency.speedupInterval)}`,
      `measured, median of ${latency.runs} runs`,
    ]);
    rows.push([
      'Loading',
      formatMillis(latency.createMillis.variant),
      original === undefined ? '' : formatMillis(latency.createMillis.original),
      // A ratio of two single runs would say more about the machine than about the models.
      '',
      'measured once',
    ]);
  }
  if (memory !== null) {
    rows.push([
      'Memory of a session',
      formatBytes(memory.variantBytes),
      ...against(original && memory.originalBytes, memory.variantBytes, formatBytes),
      'measured',
    ]);
  }
  if (agreement !== null) {
    const on = `measured on ${agreement.samples} ${agreement.inputs} inputs`;
    rows.push(['Agreement, cosine', agreement.cosine.toFixed(6), '', '', on]);
    rows.push(['Agreement, SQNR', `${significant(agreement.sqnrDb)} dB`, '', '', on]);
    if (agreement.top1 !== undefined)
      rows.push(['Agreement, top-1', formatPercent(agreement.top1), '', '', on]);
  }
  const compared = original !== undefined;
  const table = formatTable(
    [
      { title: '' },
      { title: basename(variant.path) },
      { title: compared ? basename(original.path) : '' },
      { title: compared ? 'ratio' : '' },
      { title: 'how' },
    ],
    rows,
  );
  const missing = notMeasured
    .filter(({ what }) => what !== 'accuracy')
    .map(({ what, reason }) => ['Not measured', `${what}: ${reason}`] as const);
  const where = formatPairs([
    ['On', `${machine.runtime}, ${machine.userAgent}, ${machine.cores} cores`],
    ...missing,
  ]);
  return `${table}\n\n${where}`;
}

/** Two cells: the original's figure and original / variant. */
function against(original: number | undefined, variant: number, format: (value: number) => string): string[] {
  if (original === undefined) return ['', ''];
  return [format(original), variant === 0 ? '' : `${significant(original / variant)}×`];
}

function interval({ low, high }: Interval): string {
  return `[${significant(low)}, ${significant(high)}]`;
}
