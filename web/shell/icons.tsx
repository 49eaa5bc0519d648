import type { ComponentChildren } from 'preact';

/** An icon beside a label. Hidden from screen readers, which read the label. */
function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      {children}
    </svg>
  );
}

export const SendIcon = () => (
  <Icon>
    <path d="M8 13.5V3M3.5 7.5 8 3l4.5 4.5" />
  </Icon>
);

export const StopIcon = () => (
  <Icon>
    <rect x="4" y="4" width="8" height="8" rx="1.5" class="filled" />
  </Icon>
);

export const CopyIcon = () => (
  <Icon>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
  </Icon>
);

export const AgainIcon = () => (
  <Icon>
    <path d="M13 8a5 5 0 1 1-1.5-3.55M13 2v3h-3" />
  </Icon>
);

export const PlusIcon = () => (
  <Icon>
    <path d="M8 3v10M3 8h10" />
  </Icon>
);

export const LeaveIcon = () => (
  <Icon>
    <path d="M9.5 3H4.5A1.5 1.5 0 0 0 3 4.5v7A1.5 1.5 0 0 0 4.5 13h5M7 8h6.5M11 5.5 13.5 8 11 10.5" />
  </Icon>
);

export const EditIcon = () => (
  <Icon>
    <path d="M3 13l.7-3L10.5 3.2a1.4 1.4 0 0 1 2 0l.3.3a1.4 1.4 0 0 1 0 2L6 12.3zM9.5 4.2l2.3 2.3" />
  </Icon>
);

export const DeleteIcon = () => (
  <Icon>
    <path d="M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 8.5h6l.5-8.5M6.8 7v3.8M9.2 7v3.8" />
  </Icon>
);

export const BranchIcon = () => (
  <Icon>
    <path d="M5 5.5v5M5 8c4 0 6-.5 6-2.5" />
    <circle cx="5" cy="4" r="1.5" />
    <circle cx="5" cy="12" r="1.5" />
    <circle cx="11" cy="4" r="1.5" />
  </Icon>
);

export const ContinueIcon = () => (
  <Icon>
    <path d="M3 8h9M8.5 4.5 12 8l-3.5 3.5" />
  </Icon>
);

export const PreviousIcon = () => (
  <Icon>
    <path d="M10 3.5 5.5 8l4.5 4.5" />
  </Icon>
);

export const NextIcon = () => (
  <Icon>
    <path d="M6 3.5 10.5 8 6 12.5" />
  </Icon>
);

export const ListIcon = () => (
  <Icon>
    <path d="M2.5 4h11M2.5 8h11M2.5 12h7" />
  </Icon>
);

export const SettingsIcon = () => (
  <Icon>
    <path d="M2.5 5h6M12.5 5h1M2.5 11h1M7.5 11h6" />
    <circle cx="10.5" cy="5" r="2" />
    <circle cx="5.5" cy="11" r="2" />
  </Icon>
);

export const CheckIcon = () => (
  <Icon>
    <path d="m3 8.5 3.5 3.5L13 4.5" />
  </Icon>
);

export const CrossIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);

export const DashIcon = () => (
  <Icon>
    <path d="M4 8h8" />
  </Icon>
);

export const Flame = () => (
  <svg class="flame" viewBox="0 0 24 24" aria-hidden="true">
    <path
      class="flame-outer"
      d="M12.4 1.5c.6 3.4-.9 5.2-2.6 7.1C7.9 10.7 6 12.8 6 16a6.5 6.5 0 0 0 13 0c0-3.3-1.7-5.5-3-7.2-.2 1.7-.8 2.8-1.9 3.5.5-4-.2-8-1.7-10.8z"
    />
    <path
      class="flame-inner"
      d="M12.5 13.5c-1.7 1.6-2.7 2.7-2.7 4.3a2.9 2.9 0 0 0 5.8 0c0-1.1-.4-1.9-.9-2.6-.3.7-.7 1.1-1.3 1.3.2-1.1-.1-2.2-.9-3z"
    />
  </svg>
);
