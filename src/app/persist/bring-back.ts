/**
 * Files of an earlier visit, read and opened again with patience: what fails once is tried again, and a failure says
 * nothing about what is kept. It must not know the state of a project, or how a browser stores files.
 */
import { toErrorRecord } from '../../core/errors.ts';
import type { ErrorRecord } from '../../core/errors.ts';
import type { OpenFile } from '../../worker/api.ts';
import type { After } from '../store/job-board.ts';
import type { KeptFiles } from './project-record.ts';

/** Before a reading that failed is tried again: a browser that was just started may be busy. */
const READ_AGAIN_MILLIS = [200, 1000];
/** A file that was read but not opened is read and opened once more. */
const MOST_OPENINGS = 2;

/** How files that come back are read and opened. */
export interface Way {
  /** Null where they were not kept. @throws where they cannot be read now */
  readonly read: () => Promise<readonly OpenFile[] | null>;
  /** Resolves to why they were not opened; null where that was not said, as when the user stopped it. */
  readonly open: (files: readonly OpenFile[]) => Promise<ErrorRecord | null>;
  /** Whether they are still to be opened. */
  readonly wanted: () => boolean;
  readonly after: After;
}

/** Null when they are open, not wanted any more or were not kept; else why they are not open. */
export async function bringBack({ read, open, wanted, after }: Way): Promise<ErrorRecord | null> {
  let failure: ErrorRecord | null = null;
  for (let opening = 0; opening < MOST_OPENINGS && wanted(); opening++) {
    let files: readonly OpenFile[] | null;
    try {
      files = await patiently(read, after);
    } catch (error) {
      return wanted() ? toErrorRecord(error) : null;
    }
    if (files === null || !wanted()) return null;
    failure = await open(files);
    if (failure === null) return wanted() ? STOPPED : null;
  }
  return wanted() ? failure : null;
}

/** @throws what the last try threw */
export async function patiently<T>(work: () => Promise<T>, after: After): Promise<T> {
  for (const millis of READ_AGAIN_MILLIS) {
    try {
      return await work();
    } catch {
      await new Promise<void>((resolve) => after(millis, resolve));
    }
  }
  return work();
}

const STOPPED: ErrorRecord = { code: 'cancelled', message: 'opening was stopped.' };

export function unread({ message }: ErrorRecord): ErrorRecord {
  return {
    code: 'internal',
    message: `The project that is kept in this browser could not be read: ${message}`,
    hint: 'Nothing of it was deleted. Reload the page to try again.',
  };
}

export function notOpened({ names }: KeptFiles, { message }: ErrorRecord): ErrorRecord {
  const more = names.length > 1 ? ' and what belongs to it' : '';
  return {
    code: 'internal',
    message: `The copy of ${names[0] ?? 'a file'}${more} in this browser could not be opened: ${message}`,
    hint: 'It was not deleted. Reload the page to try again, or choose the file again.',
  };
}
