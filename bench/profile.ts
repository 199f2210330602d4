/**
 * How much of a profiled run the times of its nodes account for, model by model; and how many of the nodes are given
 * back to layers of the original. `npx tsx bench/profile.ts`. Each model in a process of its own, as the command line
 * profiles it.
 */
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { CLI, OCR_CLASSIFIER, OCR_RECOGNIZER, SAMPLE_MODEL } from '../e2e/support/models.ts';
import type { ProfileResult } from '../src/core/profile/types.ts';
import { sharedDir } from '../src/core/testing/shared.ts';

/** The sum of the nodes must be this near to the whole run. */
const WITHIN = 0.15;

function modelPaths(): string[] {
  const shared = sharedDir();
  const npm = [SAMPLE_MODEL, OCR_CLASSIFIER, OCR_RECOGNIZER];
  if (shared === undefined) return npm;
  const at = (...names: string[]): string => join(shared, 'models', ...names);
  return [
    ...npm,
    at('imagenet-mobilenetv1', 'mobilenetv1_0.25_128.onnx'),
    at('cifar10-resnet8', 'resnet8.onnx'),
    at('kws-dscnn', 'kws_dscnn.onnx'),
    at('face-yunet', 'yunet_n_320_320.onnx'),
    at('detector-fastestdet', 'FastestDet.onnx'),
    at('denoise-dtln', 'model_1.onnx'),
  ];
}

for (const path of modelPaths()) {
  const printed = execFileSync(process.execPath, [CLI, 'profile', path, '--budget', '5', '--json'], {
    maxBuffer: 2 ** 28,
  });
  const { runMicros, nodesMicros, nodes, runs } = JSON.parse(printed.toString('utf8')) as ProfileResult;
  const ratio = nodesMicros / runMicros;
  const given = nodes.filter(({ layerId }) => layerId !== null);
  const share = given.reduce((sum, node) => sum + node.share, 0);
  const verdict = Math.abs(1 - ratio) <= WITHIN ? '' : '   outside';
  console.log(
    `${basename(path).padEnd(36)} nodes / run ${ratio.toFixed(3)}   ${String(given.length).padStart(3)} of ${String(nodes.length).padStart(3)} nodes, ${(100 * share).toFixed(0)} % of the time in layers   ${runs} runs${verdict}`,
  );
}
