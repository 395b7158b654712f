import { signal } from '@preact/signals';

export type Theme = 'dark' | 'light';

const REMEMBERED = 'runflow.theme';

/** The theme of the page: the remembered one, else the system's, which it then follows. */
export const theme = signal<Theme>('light');

const system = matchMedia('(prefers-color-scheme: dark)');
const root = document.documentElement;

function read(): void {
  const set = root.dataset['theme'];
  theme.value = set === 'dark' || set === 'light' ? set : system.matches ? 'dark' : 'light';
}

export function switchTheme(): void {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  root.dataset['theme'] = next;
  try {
    localStorage.setItem(REMEMBERED, next);
  } catch {
    // Without storage the choice holds for this page.
  }
  read();
}

read();
system.addEventListener('change', read);
