/** Brings a stage's card into view and gives it the focus. */
import type { StageId } from './stages.ts';

/** The id of the element that a stage leads to. */
export const stageTarget = (id: StageId): string => `stage-${id}`;

export function goToStage(id: StageId): void {
  // The download stands twice in the page, for wide and narrow screens; the one that is shown is meant.
  const targets = document.querySelectorAll<HTMLElement>(`[data-stage="${stageTarget(id)}"]`);
  const shown = [...targets].find((element) => element.getClientRects().length > 0);
  if (shown === undefined) return;
  shown.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  shown.focus({ preventScroll: true });
}
