/**
 * One user command: what it is called, when it may run, what it does. Buttons, shortcuts and the palette all use the
 * same object, so that they never disagree.
 */
import type { Studio } from '../bridge/studio.ts';
import type { DataDesk } from '../store/data-state.ts';
import type { TuningDesk } from '../store/tuning-state.ts';
import type { Pipeline } from '../store/pipeline.ts';
import type { AppState, AppStore } from '../store/state.ts';

/** What a command may ask of the page around it. */
export interface PageDoor {
  save(name: string, blob: Blob): void;
  /** Opens the file dialog of the input with this id; without the input on screen nothing happens. */
  clickInput(id: string): void;
  nextScheme(): void;
}

export interface ActionContext {
  readonly store: AppStore;
  readonly studio: Studio;
  readonly pipeline: Pipeline;
  readonly desk: DataDesk;
  readonly tuning: TuningDesk;
  readonly page: PageDoor;
}

export interface Shortcut {
  readonly key: string;
  /** ⌘ on Apple keyboards, Ctrl elsewhere. */
  readonly mod: boolean;
  readonly shift: boolean;
}

export interface Action {
  readonly id: string;
  readonly label: string;
  readonly shortcuts: readonly Shortcut[];
  readonly enabled: (state: AppState) => boolean;
  readonly perform: (context: ActionContext) => void | Promise<void>;
}
