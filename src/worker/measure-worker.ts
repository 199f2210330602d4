/** The measurement worker for the CPU: one file with the runtime's CPU bundle inside. */
import { wasmOrt } from '../runtime/wasm-ort.ts';
import { serveMeasurements } from './measure-serve.ts';

serveMeasurements(wasmOrt, 'wasm');
