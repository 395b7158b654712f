import { t } from '../i18n/language';

/** A length of time, given in milliseconds, in at most two units: `0.4 s`, `12 s`, `3 min 07 s`, `2 h 05 min`, `4 d 3 h`. */
export function duration(ms: number): string {
  const s = Math.max(0, ms) / 1_000;
  if (s < 1 && s > 0) return t('unit.s', { n: s.toFixed(1) });
  const whole = Math.round(s);
  if (whole < 60) return t('unit.s', { n: whole });
  if (whole < 3_600) return two('unit.min', whole / 60, 'unit.s', whole % 60);
  if (whole < 86_400) return two('unit.h', whole / 3_600, 'unit.min', (whole % 3_600) / 60);
  return two('unit.d', whole / 86_400, 'unit.h', (whole % 86_400) / 3_600);
}

type Unit = 'unit.s' | 'unit.min' | 'unit.h' | 'unit.d';

function two(big: Unit, n: number, small: Unit, rest: number): string {
  const padded = String(Math.floor(rest)).padStart(big === 'unit.d' ? 1 : 2, '0');
  return `${t(big, { n: Math.floor(n) })} ${t(small, { n: padded })}`;
}
