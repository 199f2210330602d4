/** An error as a colour with its number: the colour finds the bad layer, the number says how bad. */
import type { ReactElement } from 'react';

export function heatShare(sqnrDb: number): number {
  // 50 dB cannot be seen in any output; at 10 dB the noise is a third of the signal.
  return Math.min(1, Math.max(0, (50 - sqnrDb) / 40));
}

export function Heat({ sqnrDb, text }: { readonly sqnrDb: number; readonly text: string }): ReactElement {
  const share = Math.round(heatShare(sqnrDb) * 100);
  return (
    <span
      className="heat-cell"
      title="Signal to noise of the weights (SQNR): above 40 dB hardly anything is lost, below 20 dB a lot"
    >
      <i
        className="heat"
        aria-hidden="true"
        style={{ background: `color-mix(in oklab, var(--heat-high) ${share}%, var(--heat-low))` }}
      />
      {text}
    </span>
  );
}
