import { batch, computed, signal } from '@preact/signals';
import type { Link } from '../api/live.ts';
import type { RatesView, ServerStatus, Status, TopName, TopView, View } from '../api/types.ts';
import { formatLook, parseLook, type Look, type Table } from './url.ts';
import { coarseness, coarsen, joins, merge } from './series.ts';

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
/// The end of the newest window that has come, shown or not.
export const newest_s = signal<number | null>(null);
/// When the page last heard from the program, by the browser's clock.
export const heard_ms = signal(0);
/// The time under the pointer on the chart, in seconds.
export const cursor_s = signal<number | null>(null);
/// The server whose line is to stand out.
export const highlighted = signal('');
export type Drawer = '' | 'trust' | 'help';
export const drawer = signal<Drawer>('');

export const span = computed(() => look.value.span);
export const server = computed(() => look.value.server);
export const frozen = computed(() => look.value.frozen !== null);
/// Views that the program has switched on; all of them until it says so.
export const switchedOn = computed(() => status.value?.views ?? ['rates', 'top_names', 'top_clients', 'top_types']);
/// What the program reads, in words.
export const sourceName = computed(() => (status.value?.source === '-' ? 'standard input' : (status.value?.source ?? '')));
export const servers = computed<ServerStatus[]>(() =>
  [...(status.value?.servers ?? [])].sort((a, b) => (a.server < b.server ? -1 : 1)),
);
/// Every server there is to choose from or to draw, in the order that gives it its colour.
export const serverNames = computed<string[]>(() => {
  const names = new Set(servers.value.map((s) => s.server));
  for (const s of rates.value?.servers ?? []) names.add(s.server);
  return [...names].sort();
});
/// 1 to 8: the colour of a server, the same in every chart and table.
export const serverColour = (name: string): number => (Math.max(0, serverNames.value.indexOf(name)) % 8) + 1;
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
export const setServer = (name: string): void => change({ server: name }, true);
export const setTheme = (theme: Look['theme']): void => change({ theme }, false);
export const settleSpan = (minutes: number): void => change({ span: minutes }, false);

export function toggleRow(table: Table, key: string): void {
  const open = { ...look.value.open, [table]: look.value.open[table] === key ? '' : key };
  change({ open }, true);
}

export const closeRows = (): void => change({ open: { name: '', client: '', type: '' } }, true);

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

export const isChosen = (view: { span_minutes: number; server: string } | null | undefined): boolean =>
  !!view && view.span_minutes === span.value && view.server === server.value;

/// Takes a view; false where a rates event does not join on to what is held.
export function take(view: View, whole: boolean): boolean {
  if (!isChosen(view)) return true;
  if (view.processor !== 'rates') {
    latest.set(view.processor, view);
    return true;
  }
  const held = latest.get('rates') as RatesView | undefined;
  // The length of windows may change: then nothing can be laid over what is held.
  const fits = held && isChosen(held) && held.series.step === view.series.step * factor;
  if (whole || !fits) {
    const windows = (view.span_minutes * 60) / Math.max(1, view.series.step);
    factor = coarseness(windows, view.series.servers.length);
    latest.set('rates', { ...view, series: coarsen(view.series, view.series.step * factor) });
    return whole || !held || !isChosen(held);
  }
  const joined = joins(held.series, view.series);
  const from = seconds(view.from) ?? held.series.start;
  latest.set('rates', { ...view, series: merge(held.series, view.series, from) });
  return joined;
}

/// Shows what has come. Frozen, it only fills what does not show the choice yet.
export function flush(): void {
  const hold = frozen.value;
  batch(() => {
    for (const [name, view] of latest) {
      const target = name === 'rates' ? rates : tops[name as TopName];
      if (!target || target.value === view) continue;
      if (!hold || !isChosen(target.value)) (target as { value: View | null }).value = view;
    }
    const to = seconds((latest.get('rates') ?? [...latest.values()][0])?.to);
    if (to !== null) newest_s.value = to;
  });
}
