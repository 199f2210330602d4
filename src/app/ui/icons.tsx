/** Small line icons. Decoration only: the control around an icon carries the name. */
import type { ReactElement, ReactNode } from 'react';

function Icon({
  children,
  size = 16,
}: {
  readonly children: ReactNode;
  readonly size?: number;
}): ReactElement {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const UndoIcon = (): ReactElement => (
  <Icon>
    <path d="M5.5 2.5 2.5 5.5l3 3" />
    <path d="M3 5.5h6.2a4 4 0 0 1 0 8H6" />
  </Icon>
);

export const RedoIcon = (): ReactElement => (
  <Icon>
    <path d="m10.5 2.5 3 3-3 3" />
    <path d="M13 5.5H6.8a4 4 0 0 0 0 8H10" />
  </Icon>
);

export const DownIcon = (): ReactElement => (
  <Icon>
    <path d="M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10" />
  </Icon>
);

export const ChevronIcon = (): ReactElement => (
  <Icon>
    <path d="m6 3.5 4.5 4.5L6 12.5" />
  </Icon>
);

export const SunIcon = (): ReactElement => (
  <Icon>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" />
  </Icon>
);

export const MoonIcon = (): ReactElement => (
  <Icon>
    <path d="M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z" />
  </Icon>
);

export const AutoIcon = (): ReactElement => (
  <Icon>
    <circle cx="8" cy="8" r="5.7" />
    <path d="M8 2.3v11.4a5.7 5.7 0 0 0 0-11.4Z" fill="currentColor" stroke="none" />
  </Icon>
);

export const LockIcon = (): ReactElement => (
  <Icon size={13}>
    <rect x="3" y="7" width="10" height="7" rx="1.5" />
    <path d="M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2" />
  </Icon>
);

export const CheckIcon = (): ReactElement => (
  <Icon size={13}>
    <path d="m3 8.5 3.2 3.2L13 4.8" />
  </Icon>
);

export const CrossIcon = (): ReactElement => (
  <Icon size={13}>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);

/** Not known yet. */
export const OpenIcon = (): ReactElement => (
  <Icon size={13}>
    <circle cx="8" cy="8" r="5.2" strokeDasharray="2.6 2.8" />
  </Icon>
);

export const NextIcon = (): ReactElement => (
  <Icon size={13}>
    <circle cx="8" cy="8" r="5.2" />
    <circle cx="8" cy="8" r="1.8" fill="currentColor" stroke="none" />
  </Icon>
);

export const WarnIcon = (): ReactElement => (
  <Icon size={13}>
    <path d="M8 2.2 14.2 13H1.8L8 2.2ZM8 6.4v3M8 11.3v.1" />
  </Icon>
);

export const QuestionIcon = (): ReactElement => (
  <Icon size={14}>
    <circle cx="8" cy="8" r="6" />
    <path d="M6.2 6.4a1.9 1.9 0 1 1 2.6 1.8c-.6.2-.8.6-.8 1.1M8 11.3v.1" />
  </Icon>
);

/** The front as a mark: the one drawing of the empty page. */
export function FrontMark(): ReactElement {
  return (
    <svg width="64" height="44" viewBox="0 0 64 44" fill="none" aria-hidden="true" focusable="false">
      <path d="M6 34 20 30 30 14 44 9 58 8" stroke="var(--accent)" strokeWidth="2" />
      <g fill="var(--accent)">
        <circle cx="6" cy="34" r="3" />
        <circle cx="20" cy="30" r="3" />
        <circle cx="30" cy="14" r="4" />
        <circle cx="44" cy="9" r="3" />
        <circle cx="58" cy="8" r="3" />
      </g>
    </svg>
  );
}
