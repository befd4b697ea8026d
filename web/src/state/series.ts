import type { RateSeries, ServerSeries } from '../api/types.ts';

type Values = (number | null)[];

// What the page keeps for its charts, over all servers and both lines of each.
const points_kept = 6000;
const points_a_line = 320;

/// How many windows become one point, so that a long span of many servers stays small.
export function coarseness(windows: number, servers: number): number {
  const most = Math.max(30, Math.min(points_a_line, Math.floor(points_kept / (2 * Math.max(1, servers)))));
  return Math.max(1, Math.ceil(windows / most));
}

function mean(values: Values, from: number, to: number): number | null {
  let sum = 0;
  let count = 0;
  for (let i = Math.max(0, from); i < Math.min(to, values.length); ++i) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    sum += value;
    ++count;
  }
  return count ? sum / count : null;
}

const length = (series: RateSeries): number => series.servers.reduce((most, s) => Math.max(most, s.queries.length), 0);
export const endOf = (series: RateSeries): number => series.start + length(series) * series.step;

/// Means over `step` seconds, with points at multiples of it: so two cuts of one series agree
/// wherever both saw the whole point.
export function coarsen(series: RateSeries, step: number): RateSeries {
  if (step <= series.step) return series;
  const start = Math.floor(series.start / step) * step;
  const points = Math.ceil((endOf(series) - start) / step);
  const cut = (values: Values): Values =>
    Array.from({ length: points }, (_, i) => {
      const from = (start + i * step - series.start) / series.step;
      return mean(values, Math.ceil(from), Math.ceil(from + step / series.step));
    });
  return {
    start,
    step,
    servers: series.servers.map((s) => ({ server: s.server, queries: cut(s.queries), responses: cut(s.responses) })),
  };
}

/// Whether the newest windows join on to what is held, or something between them is missing.
export function joins(held: RateSeries, newest: RateSeries): boolean {
  const known = new Set(held.servers.map((s) => s.server));
  return newest.start <= endOf(held) && newest.servers.every((s) => known.has(s.server));
}

/// Lays the newest windows over the held series and drops what is older than `from`.
/// The first point of `newest` may have been seen in part only; where it is already held, the
/// held value, which saw all of it, stays.
export function merge(held: RateSeries, newest: RateSeries, from: number): RateSeries {
  const { step } = held;
  const fine = coarsen(newest, step);
  const partial = fine.start < newest.start;
  const start = Math.max(Math.min(held.start, fine.start), Math.floor(from / step) * step);
  const end = Math.max(endOf(held), endOf(fine));
  const points = Math.max(0, Math.round((end - start) / step));
  const at = (series: RateSeries, values: Values | undefined, i: number): number | null | undefined =>
    values?.[Math.round((start + i * step - series.start) / step)];
  const lay = (old: Values | undefined, now: Values | undefined): Values =>
    Array.from({ length: points }, (_, i) => {
      const before = at(held, old, i) ?? null;
      const after = at(fine, now, i);
      if (after === undefined) return before;
      if (partial && start + i * step === fine.start && before !== null) return before;
      return after ?? before;
    });
  const names = [...new Set([...held.servers, ...fine.servers].map((s) => s.server))].sort();
  const find = (series: RateSeries, name: string): ServerSeries | undefined => series.servers.find((s) => s.server === name);
  return {
    start,
    step,
    servers: names.map((server) => {
      const old = find(held, server);
      const now = find(fine, server);
      return { server, queries: lay(old?.queries, now?.queries), responses: lay(old?.responses, now?.responses) };
    }),
  };
}

function lastIndex(values: Values): number {
  let i = values.length - 1;
  while (i >= 0 && values[i] === null) --i;
  return i;
}

/// How many points from the start every server that still speaks has reported. Past it a sum
/// would dip only because one of them is a moment behind. A server that said nothing for
/// `patience_s` is not waited for.
export function reportedPoints(series: RateSeries, patience_s = 15): number {
  const ends = series.servers.map((s) => lastIndex(s.queries) + 1);
  const newest = Math.max(0, ...ends);
  const waited = ends.filter((end) => end > 0 && (newest - end) * series.step <= patience_s);
  return waited.length ? Math.min(...waited) : 0;
}

/// The sum over servers at every point; null where nobody reported, and past what all reported.
export function totals(series: RateSeries, line: 'queries' | 'responses'): Values {
  const reported = reportedPoints(series);
  return Array.from({ length: length(series) }, (_, i) => {
    if (i >= reported) return null;
    let sum: number | null = null;
    for (const server of series.servers) {
      const value = server[line][i];
      if (value !== null && value !== undefined) sum = (sum ?? 0) + value;
    }
    return sum;
  });
}

/// The points' times in seconds.
export const times = (series: RateSeries): number[] =>
  Array.from({ length: length(series) }, (_, i) => series.start + i * series.step);
