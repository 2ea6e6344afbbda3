/** Lines on a grid of 24 by 24. */
const PATHS = {
  check: 'm5 12.5 4.5 4.5L19 7.5',
  cross: 'M6 6l12 12M18 6 6 18',
  play: 'M8 5.5v13l11-6.5z',
  pause: 'M8 5.5v13M16 5.5v13',
  plus: 'M12 5v14M5 12h14',
  down: 'm6 9 6 6 6-6',
  download: 'M12 4v11m-5-4.5 5 5 5-5M5 20h14',
  share: 'M9.5 14.5 14.5 9.5M8 11l-2.5 2.5a3.5 3.5 0 0 0 5 5L13 16m3-3 2.5-2.5a3.5 3.5 0 0 0-5-5L11 8',
  again: 'M4.5 12a7.5 7.5 0 0 1 13-5L20 9.5M20 4v5.5h-5.5M19.5 12a7.5 7.5 0 0 1-13 5L4 14.5M4 20v-5.5h5.5',
  trash: 'M5 7h14M10 7V4.5h4V7m-7.5 0 1 12.5h9L17.5 7M10.5 11v5M13.5 11v5',
  warn: 'M12 4 2.5 20h19zM12 10v4.5M12 17.2v.3',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  system: 'M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17',
  mic: 'M12 3.5a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0v-5a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2',
  pencil: 'M4 20l1-4.5L16 4.5 19.5 8 8.5 19zM14 6.5 17.5 10',
  bell: 'M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5h-14zM10 20.5h4',
  search: 'M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM16 16l4.5 4.5',
  out: 'M13 5h6v6M19 5l-8.5 8.5M10 5H6a1 1 0 0 0-1 1v12a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-4',
} as const;

export type IconName = keyof typeof PATHS;

/** Hidden from screen readers, because there is always a label beside it. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={name === 'play' ? 'currentColor' : 'none'}
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A placeholder for a picture of a person. */
export function Figure() {
  return (
    <svg aria-hidden="true" class="figure" viewBox="0 0 96 96" fill="currentColor">
      <circle cx="48" cy="36" r="20" />
      <path d="M8 96c2-24 18-34 40-34s38 10 40 34z" />
    </svg>
  );
}

export function Mark() {
  return (
    <svg aria-hidden="true" viewBox="0 0 32 32">
      <rect width="32" height="32" rx="9" fill="#16170f" />
      <path d="M16 5 26 27H6z" fill="#d4f53c" opacity=".35" />
      <ellipse cx="16" cy="25" rx="9" ry="2.6" fill="#d4f53c" />
      <circle cx="16" cy="16" r="4.6" fill="#d4f53c" />
    </svg>
  );
}
