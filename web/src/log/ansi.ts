import { createAnsiSequenceParser, type Color, type ParseToken } from 'ansi-sequence-parser';

/** A run of text in one style. `classes` are this page's own; `color` and `background` are set for colours beyond the 16. */
export interface Span {
  text: string;
  classes: string;
  color?: string;
  background?: string;
}

// Everything that begins with ESC and is no SGR sequence: other CSI, OSC and other strings (ended or not), two-byte ones.
const OTHER = /\x1b(?:\[(?![\d;]*m)[0-?]*[ -/]*(?:[@-~]|$)|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*[0-Z\\^-~]|$)/g;
const CONTROL = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]/g;
const EMPTY_RESET = /\x1b\[m/g;

/**
 * A line of a log as styled runs of text. Colours are kept, every other control sequence is dropped. The text stays text:
 * whoever draws it puts it into text nodes.
 */
export function spans(line: string): Span[] {
  const clean = plainControls(line);
  if (!clean.includes('\x1b')) return clean ? [{ text: clean, classes: '' }] : [];
  return createAnsiSequenceParser().parse(clean.replace(EMPTY_RESET, '\x1b[0m')).map(styled);
}

function plainControls(line: string): string {
  const kept = line.includes('\x1b') ? line.replace(OTHER, '') : line;
  return kept.replace(CONTROL, '');
}

function styled(token: ParseToken): Span {
  const reverse = token.decorations.has('reverse');
  const foreground = reverse ? token.background : token.foreground;
  const background = reverse ? token.foreground : token.background;
  const classes = [...token.decorations].map((name) => `ansi-${name}`);
  const span: Span = { text: token.value, classes: '' };
  if (foreground?.type === 'named') classes.push(`ansi-${foreground.name}`);
  else if (foreground) span.color = beyond(foreground);
  if (background?.type === 'named') classes.push(`ansi-on-${background.name}`);
  else if (background) span.background = beyond(background);
  span.classes = classes.join(' ');
  return span;
}

function beyond(color: Exclude<Color, { type: 'named' }>): string {
  if (color.type === 'rgb') return `rgb(${color.rgb.join(' ')})`;
  const { index } = color;
  if (index < 16) return `var(--ansi-${index})`;
  if (index >= 232) return grey(8 + (index - 232) * 10);
  const cube = (n: number) => (n === 0 ? 0 : 55 + 40 * n);
  const i = index - 16;
  return `rgb(${cube(Math.floor(i / 36))} ${cube(Math.floor(i / 6) % 6)} ${cube(i % 6)})`;
}

function grey(level: number): string {
  return `rgb(${level} ${level} ${level})`;
}
