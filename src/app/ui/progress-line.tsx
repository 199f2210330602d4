/** A progress bar with what is being done. Own element: the bar is one div, and its value is read out. */
import type { ReactElement } from 'react';

export function ProgressLine({
  title,
  doing,
  fraction,
}: {
  readonly title: string;
  readonly doing: string;
  readonly fraction: number;
}): ReactElement {
  const percent = Math.round(fraction * 100);
  return (
    <div className="progress-line">
      <div className="progress-words">
        <b>{title}</b>
        <span className="mute">{doing}</span>
        <span className="progress-percent mute">{percent} %</span>
      </div>
      <div
        className="progress-track"
        role="progressbar"
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <div className="progress-fill" style={{ transform: `scaleX(${fraction})` }} />
      </div>
    </div>
  );
}
