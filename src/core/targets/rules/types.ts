/** What a rule of a target finds in a written file. It must not know findings of the doctor or how they are shown. */

export interface Breach {
  /** Id of the statement in `rules` or `refusals` of the target that is broken; a general one where it is about ONNX itself. */
  readonly rule: string;
  readonly kind: 'dialect' | 'operator' | 'opset' | 'per-channel-opset' | 'shape';
  readonly severity: 'error' | 'warning' | 'note';
  /** One sentence, with the numbers. */
  readonly what: string;
  /** All places: names of nodes, or of values where a node has no name. */
  readonly where: readonly string[];
  readonly why: string;
  readonly fix: string;
}
