/** The last net: a fault in drawing the page becomes a sentence with a way on, never a white page. */
import { Component } from 'react';
import type { ReactNode } from 'react';
import { toErrorRecord } from '../../../core/errors.ts';
import type { ErrorRecord } from '../../../core/errors.ts';

interface State {
  readonly fault: ErrorRecord | null;
}

export class FaultBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { fault: null };

  static getDerivedStateFromError(error: unknown): State {
    return { fault: toErrorRecord(error) };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    if (fault === null) return this.props.children;
    return (
      <main>
        <div className="fault" role="alert" data-code={fault.code}>
          <h1>This part of the page failed.</h1>
          <p>{fault.message}</p>
          {fault.hint === undefined ? null : <p className="mute">{fault.hint}</p>}
          <p>
            Your model and recipe are still here.{' '}
            <button type="button" className="link" onClick={() => this.setState({ fault: null })}>
              Draw the page again
            </button>
          </p>
        </div>
      </main>
    );
  }
}
