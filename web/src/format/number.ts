import { language } from '../i18n/language';

/** A progress of 0–100 for reading. It is cut, not rounded: 99.96 is not yet 100 %. */
export function percent(progress: number): string {
  const tenths = Math.floor(progress * 10 + 1e-6) / 10;
  return Number.isInteger(tenths) ? `${tenths}%` : `${tenths.toFixed(1)}%`;
}

/** A count with the language's separators. */
export function count(n: number): string {
  return n.toLocaleString(language.value, { maximumFractionDigits: 2 });
}

/** Units per second, with as many digits as say something. */
export function rate(perSecond: number, unit: string | null): string {
  const digits = perSecond >= 100 ? 0 : perSecond >= 10 ? 1 : 2;
  return `${perSecond.toLocaleString(language.value, { maximumFractionDigits: digits })}${unit ? ` ${unit}` : ''}/s`;
}

/** A size in bytes. */
export function bytes(n: number): string {
  if (n < 1_000) return `${n} B`;
  if (n < 1_000_000) return `${(n / 1_000).toFixed(1)} kB`;
  return `${(n / 1_000_000).toFixed(1)} MB`;
}

/** The end of an id, enough to tell two tasks apart: the front of a UUIDv7 is a time that neighbours share. */
export function shortId(id: string): string {
  return id.length <= 12 ? id : `…${id.slice(-8)}`;
}
