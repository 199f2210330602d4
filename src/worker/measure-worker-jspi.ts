/** The measurement worker for the GPU where WebAssembly can be suspended: the runtime's smaller GPU bundle inside. */
import { jspiOrt } from '../runtime/jspi-ort.ts';
import { serveMeasurements } from './measure-serve.ts';

serveMeasurements(jspiOrt, 'jspi');
