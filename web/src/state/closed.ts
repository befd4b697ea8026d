import { signal } from '@preact/signals';
import { recall, remember } from './memory.ts';

const name = 'closed';

function known(): string[] {
  try {
    const list: unknown = JSON.parse(recall(name) || '[]');
    return Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === 'string') : [];
  } catch {
    return [];
  }
}

/// Sections that somebody has folded up, by view. This browser keeps them.
export const closed = signal<ReadonlySet<string>>(new Set(known()));

export function toggleClosed(view: string): void {
  const next = new Set(closed.value);
  if (!next.delete(view)) next.add(view);
  closed.value = next;
  remember(name, next.size ? JSON.stringify([...next]) : '');
}
