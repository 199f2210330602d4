/** The measurement worker for the GPU in every other browser: the runtime's larger GPU bundle inside. */
import { webgpuOrt } from '../runtime/webgpu-ort.ts';
import { serveMeasurements } from './measure-serve.ts';

serveMeasurements(webgpuOrt, 'webgpu');
