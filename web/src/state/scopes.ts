import type { Group, ServerStatus } from '../api/types.ts';

/// What can be chosen: all servers, those of a group, or one.
export interface Scope {
  kind: 'all' | 'group' | 'server';
  name: string;
  /// How many servers it has; of a server what is known of it.
  size: number;
  health?: ServerStatus;
}

/// In the order in which they are offered. What was chosen but is not there is offered all the
/// same, so that it can be seen.
export function scopes(
  groups: readonly Group[],
  names: readonly string[],
  health: ReadonlyMap<string, ServerStatus>,
  chosen: { server: string; group: string },
): Scope[] {
  const all: Scope = { kind: 'all', name: '', size: names.length };
  const of_groups = groups.map(({ name, servers }): Scope => ({ kind: 'group', name, size: servers.length }));
  if (chosen.group && !groups.some(({ name }) => name === chosen.group))
    of_groups.push({ kind: 'group', name: chosen.group, size: 0 });
  const known = !chosen.server || names.includes(chosen.server) ? names : [chosen.server, ...names];
  const of_servers = known.map((name): Scope => {
    const state = health.get(name);
    return { kind: 'server', name, size: 1, ...(state ? { health: state } : {}) };
  });
  return [all, ...of_groups, ...of_servers];
}

export const scopeKey = ({ kind, name }: Scope): string => `${kind} ${name}`;
export const scopeLabel = ({ kind, name }: Scope): string => (kind === 'all' ? 'all servers' : name);

/// Those in whose name every word of `text` stands, whatever the case. A server's state counts
/// as a word of its name: "late" finds who is.
export function matching(list: readonly Scope[], text: string): Scope[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return list.filter((scope) => {
    const said = `${scopeLabel(scope)} ${scope.kind} ${scope.health?.state ?? ''}`.toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

/// One step in a list of `length` that goes round; from -1 to its near end.
export function step(from: number, by: number, length: number): number {
  if (length === 0) return -1;
  if (from < 0) return by > 0 ? 0 : length - 1;
  return (from + by + length) % length;
}
