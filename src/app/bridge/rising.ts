/** A bar that never runs backwards, whatever several steps report. It must not know what is done. */
import type { JobProgress } from '../../worker/api.ts';
import type { CallOptions } from './studio.ts';

export function rising(onProgress: CallOptions['onProgress']): (progress: JobProgress) => void {
  let highest = 0;
  return ({ fraction, doing }) => {
    highest = Math.max(highest, fraction);
    onProgress?.({ fraction: highest, doing });
  };
}
