import { language, t } from '../i18n/language';
import { duration } from './duration';

/** How long ago a time was: `just now`, `12 s ago`, `3 min ago`; in one unit, since nobody needs the second one. */
export function ago(time: string, now: number): string {
  const ms = now - Date.parse(time);
  if (ms < 2_000) return t('time.now');
  return t('time.ago', { d: duration(ms).split(' ').slice(0, 2).join(' ') });
}

/** The time of day of this computer, with milliseconds where `precise`. */
export function timeOfDay(time: string | number, precise = false): string {
  const date = new Date(time);
  const text = date.toLocaleTimeString(language.value, { hour12: false });
  return precise ? `${text}.${String(date.getMilliseconds()).padStart(3, '0')}` : text;
}

/** Date and time of this computer. */
export function dateAndTime(time: string): string {
  return new Date(time).toLocaleString(language.value, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
}
