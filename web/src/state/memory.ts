/// What this browser keeps over a reload and no link shows. A browser may forbid it: then the
/// page forgets.
const prefix = 'ratadns.';

export function recall(name: string): string {
  try {
    return localStorage.getItem(prefix + name) ?? '';
  } catch {
    return '';
  }
}

/// "" forgets.
export function remember(name: string, text: string): void {
  try {
    if (text) localStorage.setItem(prefix + name, text);
    else localStorage.removeItem(prefix + name);
  } catch {
    // As said above.
  }
}
