import type { Account } from '../api/types.ts';

export interface AccountLine {
  name: string;
  /// A figure, a word, or nothing for the heading of what follows.
  value: number | string | null;
  /// `sum`: how much there was to account for. `reason`: inside the line above.
  kind: '' | 'sum' | 'reason';
}

// The member that says how much there was to account for; the others say where it went.
const wholes = ['in', 'closed', 'pushed'];
const by_reason = '_by_reason';

const isGroup = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const simple = (value: unknown): number | string => (typeof value === 'number' ? value : String(value));

function inside(value: unknown): AccountLine[] {
  if (!isGroup(value)) return [];
  return Object.entries(value)
    .filter(([, count]) => count !== 0)
    .map(([name, count]) => ({ name, value: isGroup(count) ? null : simple(count), kind: 'reason' }));
}

/// What came in and where it went; below each place the reasons, where some are counted. Members
/// that nobody here knows are shown as they are called.
export function accountLines(account: Account): AccountLine[] {
  const names = Object.keys(account);
  const whole = names.find((name) => wholes.includes(name) && typeof account[name] === 'number');
  const isReasonsOf = (name: string) =>
    name.endsWith(by_reason) && typeof account[name.slice(0, -by_reason.length)] === 'number';
  const lineOf = (name: string): AccountLine[] => {
    const value = account[name];
    if (isGroup(value)) return [{ name, value: null, kind: '' }, ...inside(value)];
    return [{ name, value: simple(value), kind: '' }, ...inside(account[name + by_reason])];
  };
  const rest = names.filter((name) => name !== whole && !isReasonsOf(name)).flatMap(lineOf);
  if (whole === undefined) return rest;
  return [{ name: whole === 'in' ? 'came in' : whole, value: account[whole] as number, kind: 'sum' }, ...rest];
}
