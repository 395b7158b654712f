const PATHS = {
  queued: 'M8 4.5V8l2.2 1.6M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0',
  running: 'M5.5 3.6v8.8L12.5 8z',
  canceling: 'M4.5 4.5h7v7h-7z',
  succeeded: 'm3.2 8.6 3.2 3.1 6.4-7.2',
  failed: 'm4.2 4.2 7.6 7.6m0-7.6-7.6 7.6',
  canceled: 'M3.9 3.9l8.2 8.2M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0',
  stop: 'M4.5 4.5h7v7h-7z',
  rerun: 'M12.9 9.2A5.1 5.1 0 1 1 12 4.9L13.4 6.3M13.5 2.8v3.6H9.9',
  sun: 'M8 1.6v1.2m0 10.4v1.2M1.6 8h1.2m10.4 0h1.2M3.5 3.5l.8.8m7.4 7.4.8.8m0-9-.8.8m-7.4 7.4-.8.8M10.8 8a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0',
  moon: 'M13.6 9.7A6 6 0 0 1 6.3 2.4a6 6 0 1 0 7.3 7.3z',
  close: 'm4.5 4.5 7 7m0-7-7 7',
  in: 'M8 3v9m-3.6-3.6L8 12l3.6-3.6',
  out: 'M8 13V4M4.4 7.6 8 4l3.6 3.6',
} as const;

export type IconName = keyof typeof PATHS;

/** A line drawing of 16 × 16 in the colour of its text. It says nothing to a screen reader: a word stands beside it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function isIcon(name: string): name is IconName {
  return name in PATHS;
}
