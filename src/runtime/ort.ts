/**
 * The one place that names onnxruntime-web's types. Which bundle is loaded is decided by the entries (node-ort.ts,
 * wasm-ort.ts, jspi-ort.ts, webgpu-ort.ts): everything else gets the module handed in and must not import it.
 */
import type * as OrtModule from 'onnxruntime-web';

export type Ort = typeof OrtModule;
export type OrtSession = OrtModule.InferenceSession;
export type SessionOptions = OrtModule.InferenceSession.SessionOptions;
export type OrtTensor = OrtModule.Tensor;
/** Outputs of a run by name. */
export type OrtValues = Readonly<Record<string, OrtTensor | undefined>>;

/** What the page shows as the runtime: name and version of the package that is bundled. */
export const RUNTIME_NAME = 'onnxruntime-web 1.30.0';
