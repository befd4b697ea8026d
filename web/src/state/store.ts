import { batch, computed, signal } from '@preact/signals';
import type { Link } from '../api/live.ts';
import {
  isRates, isTop, isTopName,
  type OtherView, type RateSeries, type RatesView, type ServerStatus, type Status, type TopName, type TopView, type View,
} from '../api/types.ts';
import { title } from '../parts/words.ts';
import { formatLook, parseLook, type Look, type Table } from './url.ts';
import { coarseness, coarsen, endOf, joins, merge } from './series.ts';

/// Everything the page shows, as signals. Views arrive through `take` and reach the signals
/// once a frame (`flush`); while the page is frozen they are kept, and shown at thaw.

export const look = signal<Look>(parseLook(location.search));
export const link = signal<Link>({ kind: 'connecting' });
export const status = signal<Status | null>(null);
export const rates = signal<RatesView | null>(null);
export const tops: Record<TopName, ReturnType<typeof signal<TopView | null>>> = {
  top_names: signal<TopView | null>(null),
  top_clients: signal<TopView | null>(null),
  top_types: signal<TopView | null>(null),
};
const others = new Map<string, ReturnType<typeof signal<OtherView | null>>>();
/// Any other view, null until it has come.
export function other(name: string): ReturnType<typeof signal<OtherView | null>> {
  const known = others.get(name) ?? signal<OtherView | null>(null);
  others.set(name, known);
  return known;
}
/// The end of the newest window that has come, shown or not.
export const newest_s = signal<number | null>(null);
/// When the page last heard from the program, by the browser's clock.
export const heard_ms = signal(0);
/// The time under the pointer on the chart, in seconds.
export const cursor_s = signal<number | null>(null);
/// The server whose line is to stand out.
export const highlighted = signal('');
export type Drawer = '' | 'trust' | 'help' | 'scope';
export const drawer = signal<Drawer>('');

export const span = computed(() => look.value.span);
export const server = computed(() => look.value.server);
export const group = computed(() => look.value.group);
export const frozen = computed(() => look.value.frozen !== null);
/// Views that the program has switched on; all of them until it says so.
export const switchedOn = computed(() => status.value?.views ?? ['rates', 'top_names', 'top_clients', 'top_types']);
/// The views that have no place of their own on the page, in the order of their names. Only
/// those of a kind that can be drawn.
export const otherNames = computed(() => {
  const kinds = status.value?.kinds ?? {};
  const drawn = (name: string) => ['table', 'merged'].includes(String(kinds[name]));
  const before = (a: string, b: string) => (title(a).toLowerCase() < title(b).toLowerCase() ? -1 : 1);
  return switchedOn.value.filter((name) => name !== 'rates' && !isTopName(name) && drawn(name)).sort(before);
});
export const groups = computed(() => status.value?.groups ?? []);
export const aggregates = computed(() => status.value?.role === 'aggregator');
/// What the program reads, in words.
export const sourceName = computed(() => (status.value?.source === '-' ? 'standard input' : (status.value?.source ?? '')));
export const servers = computed<ServerStatus[]>(() =>
  [...(status.value?.servers ?? [])].sort((a, b) => (a.server < b.server ? -1 : 1)),
);
export const healthOf = computed(() => new Map(servers.value.map((s) => [s.server, s])));
/// Every server there is to choose from, in the order that gives it its colour.
export const serverNames = computed<string[]>(() => {
  const names = new Set(servers.value.map((s) => s.server));
  for (const s of rates.value?.servers ?? []) names.add(s.server);
  return [...names].sort();
});
const colours = 8;
/// Whether there is anything to choose.
export const scopesAreMany = computed(() => serverNames.value.length > 1 || groups.value.length > 0);
/// The servers that the choice is about: those of a group, else all.
export const scopeNames = computed<string[]>(() => {
  const members = groups.value.find((g) => g.name === group.value)?.servers;
  return members ? serverNames.value.filter((name) => members.includes(name)) : serverNames.value;
});
/// More servers than colours cannot be told apart: then only the one that is pointed at has a line.
export const eachHasLine = computed(() => scopeNames.value.length <= colours);
/// 1 to 8: the colour of a server, the same in every chart and table; 0: it has no line.
export function serverColour(name: string): number {
  // Where all together are too many, a choice of few has colours of its own.
  const names = serverNames.value.length <= colours ? serverNames.value : scopeNames.value;
  if (eachHasLine.value) return (Math.max(0, names.indexOf(name)) % colours) + 1;
  return name === highlighted.value || name === server.value ? 1 : 0;
}
/// Whether what is known of the program is of now. While a new choice is on its way it is a
/// moment old at most, and a refusal is an answer too.
export const connected = computed(() => link.value.kind !== 'lost' && status.value !== null);

export function seconds(time: string | null | undefined): number | null {
  const value = Number.parseFloat(time ?? '');
  return Number.isFinite(value) && value > 0 ? value : null;
}

/// The end of what the page shows now.
export const shown_s = computed(() => seconds((rates.value ?? tops.top_names.value ?? tops.top_types.value)?.to));

// The address bar -----------------------------------------------------------------------------

/// `step`: whether "back" should undo it.
function change(to: Partial<Look>, step: boolean): void {
  const next = { ...look.value, ...to };
  const search = formatLook(next);
  look.value = next;
  if (search === location.search) return;
  const url = location.pathname + search;
  if (step) history.pushState(null, '', url);
  else history.replaceState(null, '', url);
}

export const setSpan = (minutes: number): void => change({ span: minutes }, true);
export const setServer = (name: string): void => change({ server: name, group: '' }, true);
export const setGroup = (name: string): void => change({ server: '', group: name }, true);
export const setTheme = (theme: Look['theme']): void => change({ theme }, false);
export const settleSpan = (minutes: number): void => change({ span: minutes }, false);

export function toggleRow(table: Table, key: string): void {
  const open = { ...look.value.open, [table]: look.value.open[table] === key ? '' : key };
  change({ open }, true);
}

export function toggleOtherRow(view: string, key: string): void {
  change({ rows: { ...look.value.rows, [view]: look.value.rows[view] === key ? '' : key } }, true);
}

export const someRowOpen = (): boolean =>
  [...Object.values(look.value.open), ...Object.values(look.value.rows)].some(Boolean);
export const closeRows = (): void => change({ open: { name: '', client: '', type: '' }, rows: {} }, true);

export function freeze(): void {
  if (!frozen.value && shown_s.value !== null) change({ frozen: Math.floor(shown_s.value) }, false);
}

export function thaw(): void {
  change({ frozen: null }, false);
  flush();
}

export function followAddress(): void {
  addEventListener('popstate', () => {
    look.value = parseLook(location.search);
    if (!frozen.value) flush();
  });
}

// What arrives --------------------------------------------------------------------------------

const latest = new Map<string, View>();
let factor = 1;
// The newest rates as they came, for at least two points of the chart: each point is the mean of all its windows,
// however few of them an event brings.
let tail: RateSeries | null = null;
const points_in_tail = 2;
const tailFrom = (series: RateSeries): number => endOf(series) - points_in_tail * factor * series.step;

type Scoped = { span_minutes: number; server: string; group?: string };
export const isChosen = (view: Scoped | null | undefined): boolean =>
  !!view && view.span_minutes === span.value && view.server === server.value && (view.group ?? '') === group.value;

/// Takes a view; false where a rates event does not join on to what is held.
export function take(view: View, whole: boolean): boolean {
  if (!isChosen(view)) return true;
  if (!isRates(view)) {
    latest.set(view.processor, view);
    return true;
  }
  const held = latest.get('rates') as RatesView | undefined;
  // The length of windows may change: then nothing can be laid over what is held.
  if (whole || !held || !tail || !isChosen(held) || tail.step !== view.series.step) {
    const windows = (view.span_minutes * 60) / Math.max(1, view.series.step);
    factor = coarseness(windows, view.series.servers.length);
    tail = merge(view.series, view.series, tailFrom(view.series));
    latest.set('rates', { ...view, series: coarsen(view.series, view.series.step * factor) });
    return whole || !held || !isChosen(held);
  }
  const joined = joins(tail, view.series);
  tail = merge(tail, view.series, Math.min(view.series.start, tailFrom(view.series)));
  const from = seconds(view.from) ?? held.series.start;
  latest.set('rates', { ...view, series: merge(held.series, tail, from) });
  return joined;
}

/// Puts a view in its place, unless the page is frozen and shows that choice already.
function show<Kind extends View>(place: { value: Kind | null | undefined }, view: Kind): void {
  if (place.value !== view && (!frozen.value || !isChosen(place.value))) place.value = view;
}

/// Shows what has come. Frozen, it only fills what does not show the choice yet.
export function flush(): void {
  batch(() => {
    for (const [name, view] of latest) {
      if (isRates(view)) show(rates, view);
      else if (isTop(view)) show(tops[view.processor], view);
      else show(other(name), view);
    }
    const to = seconds((latest.get('rates') ?? [...latest.values()][0])?.to);
    if (to !== null) newest_s.value = to;
  });
}

/// Lets go of views that are not there any more.
export function forget(): void {
  const there = new Set(switchedOn.value);
  for (const name of latest.keys()) if (!there.has(name)) latest.delete(name);
  for (const name of others.keys()) if (!there.has(name)) others.delete(name);
}
