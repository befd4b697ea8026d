import { toggleTheme } from './theme.ts';
import {
  closeRows, drawer, freeze, frozen, scopesAreMany, setServer, setSpan, someRowOpen, status, thaw,
} from './store.ts';

export const keyHelp: readonly [string, string][] = [
  ['Space', 'freeze, and go on'],
  ['l', 'live again'],
  ['1  5  f', 'the last minute, five minutes, the longest span'],
  ['s', 'which servers: type to find, Enter to choose'],
  ['a', 'all servers'],
  ['t', 'light or dark'],
  ['?', 'this help'],
  ['Esc', 'close what is open'],
];

export const toggleFreeze = (): void => (frozen.value ? thaw() : freeze());

function close(): void {
  if (drawer.value) drawer.value = '';
  else if (someRowOpen()) closeRows();
}

function act(key: string): boolean {
  const spans = status.value?.spans ?? [];
  const longest = Math.max(...spans);
  if (key === ' ') toggleFreeze();
  else if (key === 'l') thaw();
  else if (key === 'f' && spans.length) setSpan(longest);
  else if (spans.includes(Number(key))) setSpan(Number(key));
  else if (key === 's') drawer.value = scopesAreMany.value ? 'scope' : drawer.value;
  else if (key === 'a') setServer('');
  else if (key === 't') toggleTheme();
  else if (key === '?') drawer.value = drawer.value === 'help' ? '' : 'help';
  else if (key === 'Escape') close();
  else return false;
  return true;
}

export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (target.matches('input, select, textarea')) return;
    // A focused button keeps its own Space.
    if (event.key === ' ' && target.matches('button, a, summary')) return;
    if (act(event.key)) event.preventDefault();
  });
  // A click leaves the focus on the button, and Space would press it again instead of
  // freezing. Who came by keyboard keeps the focus.
  addEventListener('click', (event) => {
    if (event.detail > 0) (event.target as Element).closest<HTMLElement>('button')?.blur();
  });
}
