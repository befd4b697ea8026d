import { look, setTheme } from './store.ts';

const system = matchMedia('(prefers-color-scheme: dark)');

export const isDark = (): boolean => (look.value.theme === 'system' ? system.matches : look.value.theme === 'dark');
export const toggleTheme = (): void => setTheme(isDark() ? 'light' : 'dark');

export function applyTheme(): void {
  const wanted = isDark() ? 'dark' : 'light';
  const { dataset } = document.documentElement;
  if (dataset['theme'] !== wanted) dataset['theme'] = wanted;
}

/// Puts the theme in place and names it, together with what else a canvas must be drawn anew for.
export function appearance(): string {
  applyTheme();
  return `${document.documentElement.dataset['theme']} ${devicePixelRatio}`;
}

/// Calls when the system changes between light and dark; gives back how to stop.
export function onAppearance(call: () => void): () => void {
  system.addEventListener('change', call);
  return () => system.removeEventListener('change', call);
}
