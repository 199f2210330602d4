/** Refusals and failures, each with what was found, where, and what to do. They stay until dismissed. */
import { CloseButton } from '@mantine/core';
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import { dismissNotice } from '../../store/notices.ts';
import type { Notice } from '../../store/state.ts';
import './notices.css';

export function Notices(): ReactElement | null {
  const notices = useAppState((state) => state.notices);
  if (notices.length === 0) return null;
  return (
    <div className="notices">
      {notices.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function NoticeCard({ notice }: { readonly notice: Notice }): ReactElement {
  const { store } = useApp();
  const { code, message, at, hint } = notice.error;
  return (
    <div className="notice" role="alert" data-code={code}>
      <div className="notice-text">
        <p className="notice-message">{message}</p>
        {at === undefined ? null : (
          <p className="notice-at">
            at <code>{at}</code>
          </p>
        )}
        {hint === undefined ? null : <p className="notice-hint">{hint}</p>}
        <p className="notice-code">{code}</p>
      </div>
      <CloseButton aria-label="Dismiss" onClick={() => dismissNotice(store, notice.id)} />
    </div>
  );
}

/** Spoken, not shown: results as they arrive. */
export function LiveRegion(): ReactElement {
  const announcement = useAppState((state) => state.announcement);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {announcement}
    </div>
  );
}
