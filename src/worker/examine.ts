/**
 * The doctor's visit in the studio worker: reads back what would be downloaded, so that the file itself is judged and not
 * what was meant by it. It must not know shelves or transports.
 */
import type { Calibration, Checkpoint } from '../core/calibration/types.ts';
import { examine } from '../core/doctor/examine.ts';
import type { Examination } from '../core/doctor/examine.ts';
import type { DoctorReport } from '../core/doctor/types.ts';
import type { ByteSource } from '../core/bytes/source.ts';
import type { Model } from '../core/onnx/ir.ts';
import { readModel } from '../core/onnx/read.ts';
import type { ProfileResult } from '../core/profile/types.ts';
import { targetOf } from '../core/targets/registry.ts';
import type { TargetId } from '../core/targets/types.ts';
import { openSource } from './cached-source.ts';
import type { NamedBlob } from './zip.ts';

export interface Patient {
  readonly original: Model;
  /** What is downloaded; absent = the original itself is examined. */
  readonly variant?: {
    readonly files: readonly NamedBlob[];
    readonly logical: Model;
    /** What it was made with; absent = it does not depend on samples. */
    readonly calibratedOn: Examination['calibratedOn'];
  };
  /** What variants are made with; absent where no runtime can be had. */
  readonly calibration: Calibration | undefined;
  /** Of what is examined. */
  readonly profile: ProfileResult | undefined;
}

/** @throws PareError `unsupported` for an unknown target, `cancelled` */
export async function examineModel(
  { original, variant, calibration, profile }: Patient,
  target: TargetId,
  checkpoint: Checkpoint,
): Promise<DoctorReport> {
  const written = variant === undefined ? original : await readBack(variant.files);
  return examine(
    {
      original,
      written,
      logical: variant?.logical,
      target: targetOf(target),
      calibration,
      calibratedOn: variant?.calibratedOn,
      profile,
    },
    checkpoint,
  );
}

async function readBack([file, ...beside]: readonly NamedBlob[]): Promise<Model> {
  const files = new Map<string, ByteSource>();
  for (const { name, blob } of beside) files.set(name, await openSource(blob));
  return readModel(await openSource(file.blob), { files });
}
