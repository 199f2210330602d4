/**
 * Serves measurements with one bundle of the runtime. It must not know which; the entries measure-worker*.ts bring one
 * each.
 */
import { expose } from 'comlink';
import { isRuntimeThread } from '../runtime/browser-ort.ts';
import type { Ort } from '../runtime/ort.ts';
import { browserPlatform } from './measure-platform.ts';
import { MeasureWorker } from './measure-service.ts';

/** Unless this worker is one of the runtime's own threads. */
export function serveMeasurements(ort: Ort, bundle: 'wasm' | 'jspi' | 'webgpu'): void {
  if (isRuntimeThread()) return;
  expose(new MeasureWorker(browserPlatform(ort, bundle)));
}
