/// What a person chose to look at. All of it is in the address bar, so that back, reload and a
/// shared link give the same view.
export interface Look {
  /// Minutes; 0 is whatever the program offers first.
  span: number;
  /// At most one of the two; both empty: all servers together.
  server: string;
  group: string;
  theme: 'light' | 'dark' | 'system';
  /// The row held open in each table.
  open: { name: string; client: string; type: string };
  /// The same for the other views, by view.
  rows: Record<string, string>;
  /// The watermark (whole seconds) the page was frozen at, or null.
  frozen: number | null;
}

export type Table = keyof Look['open'];
export const tables: readonly Table[] = ['name', 'client', 'type'];

export const plainLook: Look = {
  span: 0,
  server: '',
  group: '',
  theme: 'system',
  open: { name: '', client: '', type: '' },
  rows: {},
  frozen: null,
};

const row_prefix = 'row.';

function wholeNumber(text: string | null, most: number): number | null {
  if (text === null || !/^\d{1,12}$/.test(text)) return null;
  const value = Number(text);
  return value <= most ? value : null;
}

/// Reads a query string; what it does not understand it takes as not said.
export function parseLook(search: string): Look {
  const values = new URLSearchParams(search);
  const theme = values.get('theme');
  const server = values.get('server') ?? '';
  const rows = [...values].filter(([name, key]) => name.startsWith(row_prefix) && key);
  return {
    span: wholeNumber(values.get('span'), 100_000) ?? 0,
    server,
    group: server ? '' : (values.get('group') ?? ''),
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    open: {
      name: values.get('name') ?? '',
      client: values.get('client') ?? '',
      type: values.get('type') ?? '',
    },
    rows: Object.fromEntries(rows.map(([name, key]) => [name.slice(row_prefix.length), key])),
    frozen: wholeNumber(values.get('frozen'), 1e12),
  };
}

/// The query string of a look, "" when nothing was chosen.
export function formatLook(look: Look): string {
  const values = new URLSearchParams();
  if (look.span) values.set('span', String(look.span));
  if (look.server) values.set('server', look.server);
  else if (look.group) values.set('group', look.group);
  for (const table of tables) if (look.open[table]) values.set(table, look.open[table]);
  for (const [view, key] of Object.entries(look.rows)) if (key) values.set(row_prefix + view, key);
  if (look.theme !== 'system') values.set('theme', look.theme);
  if (look.frozen !== null) values.set('frozen', String(look.frozen));
  const text = values.toString();
  return text && `?${text}`;
}
