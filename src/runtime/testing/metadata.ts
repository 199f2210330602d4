/** The runtime's own type of an input's description, for tests. */
import type { InferenceSession } from 'onnxruntime-web';

export type OrtValueMetadata = InferenceSession.ValueMetadata;
