import { strings } from './strings.ts';

/** "0.4 s", "12 s", "1 min 5 s". */
export function formatDuration(ms: number): string {
  const { units } = strings.value;
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) {
    return units.seconds(formatNumber(seconds, seconds < 9.95 ? 1 : 0));
  }
  const whole = Math.round(seconds);
  return units.minutes(Math.floor(whole / 60), whole % 60);
}

/** For estimates, which are not precise to a tenth of a second. */
export function formatEstimate(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 60 ? strings.value.units.seconds(formatNumber(seconds)) : formatDuration(seconds * 1000);
}

export function formatNumber(value: number, digits = 0): string {
  return value.toLocaleString(strings.value.locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

const MAX_NAME_LENGTH = 60;

/** A file name for a sentence. Long ones keep their start and their ending. */
export function formatName(name: string): string {
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, 40)}…${name.slice(-15)}` : name;
}

/** "one, two and three". */
export function formatList(items: string[]): string {
  return new Intl.ListFormat(strings.value.locale).format(items);
}

export function formatBytes(bytes: number): string {
  return strings.value.units.megabytes(formatNumber(bytes / 1e6, bytes < 1e7 ? 1 : 0));
}

/** "1024 × 768": width first, also in right-to-left languages. */
export function formatSize(width: number, height: number): string {
  return `\u2066${width} × ${height}\u2069`;
}

/** "14:05" today, "3 Nov, 14:05" on other days. */
export function formatWhen(iso: string): string {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(strings.value.locale, {
    ...(!isToday && { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
}

/** "0:07" on a player. */
export function formatClock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
