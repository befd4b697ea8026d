/// A number cut to what can be read at a glance, its unit apart so that columns align.
export interface Short {
  digits: string;
  unit: '' | 'k' | 'M' | 'G' | 'T';
}

const units = ['', 'k', 'M', 'G', 'T'] as const;

/// Three significant digits. Whole numbers below 1000 keep no decimals.
export function short(value: number): Short {
  if (!Number.isFinite(value)) return { digits: '–', unit: '' };
  if (value < 0) return { digits: `−${short(-value).digits}`, unit: short(-value).unit };
  if (value < 1000 && Number.isInteger(value)) return { digits: String(value), unit: '' };
  let scaled = value;
  let unit = 0;
  // 999.5 would round to 1000: it is 1.00 of the next unit already.
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    ++unit;
  }
  if (unit === 0 && scaled < 0.01) return { digits: scaled === 0 ? '0' : '<0.01', unit: '' };
  const decimals = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return { digits: scaled.toFixed(decimals), unit: units[unit] ?? '' };
}

/// As text: "2.04 k". The space is one that does not break and is narrow.
export function shortText(value: number): string {
  const { digits, unit } = short(value);
  return unit ? `${digits}\u202f${unit}` : digits;
}

// Made once: a page has hundreds of these numbers, each second.
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/// All digits, in groups: "119,790", "1,996.5".
export const exact = (value: number): string => grouped.format(value);

/// A share in percent with one decimal, so that columns align: "12.3", "<0.1".
export function percent(share: number): string {
  if (!Number.isFinite(share)) return '–';
  if (share >= 99.95) return '100';
  if (share > 0 && share < 0.05) return '<0.1';
  return share === 0 ? '0' : share.toFixed(1);
}

/// Queries without a response in percent. More responses than queries (a capture that began in
/// the middle) is none.
export function unanswered(queries: number, responses: number): number | null {
  if (!(queries > 0)) return null;
  return Math.max(0, 100 * (1 - responses / queries));
}

const two = (value: number): string => String(value).padStart(2, '0');

/// Seconds since 1970 as "22:13:20", UTC.
export function clock(seconds: number): string {
  const date = new Date(Math.floor(seconds) * 1000);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/// Seconds since 1970 as "2023-11-14", UTC.
export function day(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().slice(0, 10);
}

/// "2023-11-14 22:13 UTC"
export const dayMinute = (seconds: number): string => `${day(seconds)} ${clock(seconds).slice(0, 5)} UTC`;

/// A length of time in its two largest units: "4 s", "2 min 5 s", "3 h 10 min".
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 && s < 600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}
