import type { ServerState, ServerStatus } from '../api/types.ts';
import { duration } from '../parts/format.ts';
import { several } from '../parts/words.ts';

/// In words, with how much: `lag` is how old the newest window is, in seconds; null: not known.
export function stateWords(state: ServerState, lag: number | null): string {
  const much = lag === null ? '' : duration(Math.abs(lag));
  switch (state) {
    case 'late':
      return much ? `late by ${much}` : 'late';
    case 'ahead':
      return much ? `clock ahead by ${much}` : 'clock ahead';
    case 'past':
      return 'replays the past';
    case 'silent':
      return much ? `silent for ${much}` : 'silent';
    default:
      return state;
  }
}

const order: readonly ServerState[] = ['silent', 'late', 'ahead', 'past'];

/// 0 is the worst. A state that nobody here knows may be anything, but not well.
function rank(server: ServerStatus | undefined): number {
  const well = order.length + 3;
  if (!server) return well;
  const place = order.indexOf(server.state);
  if (place >= 0) return place;
  if (server.state !== 'live') return order.length;
  if ((server.missing_windows ?? 0) > 0) return order.length + 1;
  return (server.kernel_lost ?? 0) + (server.queue_lost ?? 0) > 0 ? order.length + 2 : well;
}

/// Names with the troubled ones first, each kind of trouble together, else by name.
export function troubledFirst(names: readonly string[], health: ReadonlyMap<string, ServerStatus>): string[] {
  const ranks = new Map(names.map((name) => [name, rank(health.get(name))]));
  const rankOf = (name: string): number => ranks.get(name) ?? 0;
  return [...names].sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
}

/// What else is to be said of a server: what is missing, lost, and who watches where several do.
export function remarks({
  missing_windows = 0,
  kernel_lost = 0,
  queue_lost = 0,
  monitors = [],
}: ServerStatus): string[] {
  const said: string[] = [];
  if (missing_windows > 0) said.push(`${several(missing_windows, 'window')} missing`);
  if (kernel_lost > 0) said.push(`kernel lost ${several(kernel_lost, 'frame')}`);
  if (queue_lost > 0) said.push(`monitor lost ${several(queue_lost, 'frame')}`);
  if (monitors.length > 1) said.push(several(monitors.length, 'monitor'));
  return said;
}

/// "194 live, 3 late, 2 silent": how many are in each state, the live ones first.
export function census(servers: readonly ServerStatus[]): { state: ServerState; count: number }[] {
  const counts = new Map<ServerState, number>();
  for (const { state } of servers) counts.set(state, (counts.get(state) ?? 0) + 1);
  const known: ServerState[] = ['live', ...order];
  const others = [...counts.keys()].filter((state) => !known.includes(state)).sort();
  return [...known, ...others].flatMap((state) =>
    counts.has(state) ? [{ state, count: counts.get(state) as number }] : [],
  );
}
