import { exact, short, shortText } from './format.ts';
import { plain } from './words.ts';
import type { Leaf } from '../state/merged.ts';

/// What a number of that name is in. Response times are microseconds, and shown as milliseconds.
export type Unit = '' | 'ms' | 'octets';

export function unitOf(name: string): Unit {
  const dimension = name.replace(/^(distinct|quantiles|top):/, '').split(':')[0] ?? '';
  if (name.startsWith('distinct:') || name.startsWith('top:')) return '';
  if (dimension === 'response_time') return 'ms';
  return /(^|_)(octets|size)$/.test(dimension) ? 'octets' : '';
}

/// Microseconds as milliseconds with three digits, no more than the microsecond: "0.507", "12.3", "1,204".
export function milliseconds(us: number): string {
  if (!Number.isFinite(us)) return '–';
  const ms = us / 1000;
  const decimals = ms >= 99.95 ? 0 : ms >= 9.995 ? 1 : ms >= 0.9995 ? 2 : 3;
  if (ms >= 999.5) return exact(Math.round(ms));
  return ms === 0 ? '0' : ms.toFixed(decimals);
}

export interface Spelled {
  digits: string;
  /// "k", "M"...: apart, so that columns align.
  scale: string;
  /// All digits.
  exact: string;
}

export function spelled(value: number, unit: Unit): Spelled {
  if (unit === 'ms') return { digits: milliseconds(value), scale: '', exact: `${exact(value)} µs` };
  const { digits, unit: scale } = short(value);
  return { digits, scale, exact: unit ? `${exact(value)} ${unit}` : exact(value) };
}

export const quantileNames = ['p50', 'p90', 'p99', 'max'] as const;

/// What stands above a column.
export function heading(name: string): string {
  const [measure, dimension = '', argument = ''] = name.split(':');
  if (measure === 'distinct') return `different ${plain(dimension)}`;
  if (measure === 'top') return `top ${plain(dimension)}`;
  if (measure === 'quantiles') {
    const unit = unitOf(name);
    return `${plain(dimension)}${argument && ` ${argument}`}${unit && `, ${unit}`}`;
  }
  return plain(name);
}

/// What stands above keys: "message size, octets", "levels 2". Keys are text, in the unit of the wire.
export function keyHeading(dimension: string): string {
  const [name = '', argument = ''] = dimension.split(':');
  const unit = unitOf(name);
  if (unit) return `${plain(name)}, ${unit === 'ms' ? 'µs' : unit}`;
  return `${plain(name)}${argument && ` ${argument}`}`;
}

/// The error of an estimate (schema/summary.schema.json, measures).
export const distinct_error = '±1.6 %';

const numberText = (value: number, unit: Unit): string => {
  const text = unit === 'ms' ? milliseconds(value) : shortText(value);
  return unit ? `${text}\u202f${unit}` : text;
};

/// A leaf on one line, as it stands where it has no columns.
export function leafText(leaf: Leaf, unit: Unit): string {
  switch (leaf.kind) {
    case 'number':
      return numberText(leaf.value, unit);
    case 'text':
      return leaf.text;
    case 'distinct':
      return `≈ ${shortText(leaf.estimate)} ${distinct_error}`;
    case 'quantiles':
      return quantileNames.map((name) => `${name} ${numberText(leaf[name], unit)}`).join(', ');
    case 'top':
      return topText(leaf.first, leaf.others) || 'none';
    case 'list':
      return leaf.length === 0 ? 'none' : listText(leaf.first, leaf.length);
  }
}

function topText(first: readonly [string, number][], others: number): string {
  const shown = first.map(([name, count]) => `${name} ${shortText(count)}`);
  return (others > 0 ? [...shown, `${others} more`] : shown).join(', ');
}

function listText(first: readonly string[], length: number): string {
  const more = length - first.length;
  return `${first.join(', ')}${more > 0 ? `, ${exact(more)} more` : ''}`;
}

/// All that is known of a leaf, to hover.
export function leafTitle(leaf: Leaf, unit: Unit): string {
  if (leaf.kind === 'number') return spelled(leaf.value, unit).exact;
  if (leaf.kind === 'distinct') return `${exact(leaf.estimate)}, standard error ${distinct_error}`;
  if (leaf.kind === 'top' && leaf.error > 0)
    return `${leafText(leaf, unit)}\neach may have had up to ${exact(leaf.error)} more`;
  return leafText(leaf, unit);
}
