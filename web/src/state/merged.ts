/// What a reducer found, read for the eye: the forms of schema/summary.schema.json. Whatever
/// does not look like one of them is shown as the tree that it is.

/// A value of a measure or of a script, at one place.
export type Leaf =
  | { kind: 'number'; value: number }
  | { kind: 'text'; text: string }
  | { kind: 'distinct'; estimate: number }
  | { kind: 'quantiles'; count: number; p50: number; p90: number; p99: number; max: number }
  | { kind: 'top'; first: [string, number][]; others: number; error: number }
  | { kind: 'list'; first: string[]; length: number };

export interface GridRow {
  /// The keys on the way to it, joined so that no two rows have the same.
  key: string;
  path: string[];
  cells: Map<string, Leaf>;
  /// Of what a limit cut off: how many keys, and the sum of their messages.
  rest?: { keys: number; count: number };
}

/// Rows by key, all with leaves of the same names.
export interface Grid {
  kind: 'grid';
  columns: string[];
  rows: GridRow[];
}

export interface Branch {
  kind: 'branch';
  children: { key: string; node: Node }[];
  /// Children that were cut off here.
  more: number;
}

/// Many numbers by key, the largest first.
export interface Counts {
  kind: 'counts';
  rows: { key: string; count: number }[];
  rest: { keys: number; count: number };
}

export type Node = { kind: 'leaf'; leaf: Leaf } | Grid | Branch | Counts;

const skipped_keys = '-:SKIPPED:-';
const skipped_count = '-:SKIPPED_SUM:-';

const depth_most = 12;
const children_most = 40;
const columns_most = 8;
const first_most = 3;

type Entries = [string, unknown][];
type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isPair = (value: unknown): value is [string, number] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && isNumber(value[1]);

/// A thing of a list, on one line.
function inShort(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function listLeaf(list: readonly unknown[]): Leaf {
  if (list.length > 0 && list.every(isPair)) {
    return {
      kind: 'top',
      first: list.slice(0, first_most) as [string, number][],
      others: Math.max(0, list.length - first_most),
      error: 0,
    };
  }
  return { kind: 'list', first: list.slice(0, first_most).map(inShort), length: list.length };
}

const quantile_names = ['count', 'p50', 'p90', 'p99', 'max'] as const;

/// Beyond its figures a sketch may carry what it is merged by.
const isSketch = (value: Json, figures: readonly string[], merged_by: readonly string[]): boolean =>
  figures.every((name) => isNumber(value[name])) &&
  Object.keys(value).every((name) => figures.includes(name) || merged_by.includes(name));

/// What stands for one value though it is written as an object: a sketch.
function sketch(value: Json): Leaf | null {
  const { estimate, error, top } = value;
  if (isSketch(value, ['estimate'], ['sparse', 'dense'])) return { kind: 'distinct', estimate: Number(estimate) };
  if (Array.isArray(top) && isNumber(error)) {
    const leaf = listLeaf(top);
    return leaf.kind === 'top' ? { ...leaf, error } : { kind: 'top', first: [], others: 0, error };
  }
  if (isSketch(value, quantile_names, ['buckets'])) {
    const of = (name: (typeof quantile_names)[number]) => Number(value[name]);
    return { kind: 'quantiles', count: of('count'), p50: of('p50'), p90: of('p90'), p99: of('p99'), max: of('max') };
  }
  return null;
}

/// Null where it is a branch.
export function leafOf(value: unknown): Leaf | null {
  if (isNumber(value)) return { kind: 'number', value };
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (typeof value === 'boolean') return { kind: 'text', text: value ? 'yes' : 'no' };
  if (Array.isArray(value)) return listLeaf(value);
  return isObject(value) ? sketch(value) : { kind: 'text', text: '–' };
}

const isSkipped = (key: string): boolean => key === skipped_keys || key === skipped_count;

/// What a limit cut off of a map, if it did.
function restOf(entries: Entries): { keys: number; count: number } | null {
  const of = (name: string) => entries.find(([key]) => key === name)?.[1];
  const keys = of(skipped_keys);
  const count = of(skipped_count);
  return isNumber(keys) && isNumber(count) ? { keys, count } : null;
}

/// How much a row weighs: what it counts, else the first number in it.
function weight(cells: Map<string, Leaf>): number {
  const count = cells.get('count');
  if (count?.kind === 'number') return count.value;
  for (const leaf of cells.values()) {
    if (leaf.kind === 'number') return leaf.value;
    if (leaf.kind === 'quantiles') return leaf.count;
    if (leaf.kind === 'distinct') return leaf.estimate;
  }
  return 0;
}

function gridOf(rows: GridRow[]): Grid {
  const columns = new Set<string>();
  for (const { cells } of rows) for (const name of cells.keys()) columns.add(name);
  const heavier = (a: GridRow, b: GridRow) =>
    Number(a.rest !== undefined) - Number(b.rest !== undefined) ||
    weight(b.cells) - weight(a.cells) ||
    (a.key < b.key ? -1 : 1);
  const wordy = new Set(
    rows.flatMap(({ cells }) =>
      [...cells].flatMap(([name, { kind }]) => (kind === 'text' || kind === 'list' ? [name] : [])),
    ),
  );
  const numbersFirst = (a: string, b: string) => Number(wordy.has(a)) - Number(wordy.has(b)) || byMeasure(a, b);
  return { kind: 'grid', columns: [...columns].sort(numbersFirst), rows: rows.sort(heavier) };
}

const measureOrder = ['count', 'octets', 'distinct:', 'quantiles:', 'top:'];
const placeOf = (name: string): number => {
  const place = measureOrder.findIndex((begin) => name.startsWith(begin));
  return place < 0 ? measureOrder.length : place;
};
const byMeasure = (a: string, b: string): number => placeOf(a) - placeOf(b) || (a < b ? -1 : 1);

const isMeasure = ([name, value]: [string, unknown]): boolean =>
  ((name === 'count' || name === 'octets') && isNumber(value)) || /^(distinct|quantiles|top):/.test(name);

/// Measures by key: the keys of all dimensions in a row.
export function measures(data: unknown): Grid {
  const rows: GridRow[] = [];
  const walk = (value: unknown, path: string[]): void => {
    if (!isObject(value) || path.length > depth_most) return;
    const entries = Object.entries(value);
    const own = entries.filter(([key]) => !isSkipped(key));
    if (own.length > 0 && own.every(isMeasure)) {
      rows.push({ key: JSON.stringify(path), path, cells: cellsOf(own) });
      return;
    }
    for (const [key, below] of own) walk(below, [...path, key]);
    const rest = restOf(entries);
    if (rest)
      rows.push({
        key: JSON.stringify([...path, skipped_keys]),
        path,
        cells: new Map([['count', { kind: 'number', value: rest.count }]]),
        rest,
      });
  };
  walk(data, []);
  return gridOf(rows);
}

function cellsOf(entries: Entries): Map<string, Leaf> {
  const cells = new Map<string, Leaf>();
  for (const [name, value] of entries) {
    const leaf = leafOf(value);
    if (leaf) cells.set(name, leaf);
  }
  return cells;
}

/// The rows under a map, all as deep as each other; null where something else is there.
function rowsUnder(entries: Entries, path: string[]): GridRow[] | null {
  const own = entries.filter(([key]) => !isSkipped(key));
  if (own.length === 0 || own.length < entries.length || path.length > depth_most) return null;
  const cells = cellsOf(own);
  if (cells.size === own.length) return path.length > 0 ? [{ key: JSON.stringify(path), path, cells }] : null;
  if (cells.size > 0) return null;
  const rows: GridRow[] = [];
  for (const [key, value] of own) {
    const below = rowsUnder(Object.entries(value as Json), [...path, key]);
    if (!below || (rows[0] && rows[0].path.length !== below[0]?.path.length)) return null;
    rows.push(...below);
  }
  return rows;
}

/// Maps of alike objects are a grid: what they have in common stands once, above.
function asGrid(entries: Entries): Grid | null {
  const rows = rowsUnder(entries, []);
  if (!rows) return null;
  const grid = gridOf(rows);
  if (grid.columns.length > columns_most) return null;
  // Alike: more places are filled than empty.
  const filled = rows.reduce((sum, { cells }) => sum + cells.size, 0);
  return 2 * filled > rows.length * grid.columns.length ? grid : null;
}

/// How many columns the widest grid in it has, quantiles as four.
export function columnsIn(node: Node): number {
  if (node.kind === 'branch') return Math.max(0, ...node.children.map((child) => columnsIn(child.node)));
  if (node.kind !== 'grid') return 0;
  const isQuantiles = (name: string) => node.rows.some(({ cells }) => cells.get(name)?.kind === 'quantiles');
  return node.columns.reduce((sum, name) => sum + (isQuantiles(name) ? 4 : 1), 0);
}

const countsOf = (pairs: readonly [string, number][], rest = { keys: 0, count: 0 }): Counts => ({
  kind: 'counts',
  rows: pairs.map(([key, count]) => ({ key, count })).sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1)),
  rest,
});

/// A few numbers are a list of this and that; many are one thing counted by key.
const few = 8;

export function treeOf(value: unknown, depth = 0): Node {
  const leaf = leafOf(value);
  if (leaf) return { kind: 'leaf', leaf };
  if (depth > depth_most) return { kind: 'leaf', leaf: { kind: 'text', text: '…' } };
  const entries = Object.entries(value as Json);
  const rest = restOf(entries);
  const own = rest ? entries.filter(([key]) => !isSkipped(key)) : entries;
  if ((rest || own.length > few) && own.every(([, count]) => isNumber(count)))
    return countsOf(own as [string, number][], rest ?? undefined);
  const grid = rest ? null : asGrid(own);
  if (grid) return grid;
  const children = own.slice(0, children_most).map(([key, below]) => ({ key, node: treeOf(below, depth + 1) }));
  return { kind: 'branch', children, more: own.length - children.length + (rest?.keys ?? 0) };
}

export interface Rates {
  kind: 'rates';
  figures: { name: string; value: number }[];
}

export type Found = { kind: 'nothing' } | Rates | Node;

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

/// How a merged view is to be shown, by how it merges and by what it holds.
export function found({ merge, data }: { merge: unknown; data: unknown }): Found {
  if (isEmpty(data)) return { kind: 'nothing' };
  if (merge === 'rate' && isObject(data)) {
    return {
      kind: 'rates',
      figures: Object.entries(data).flatMap(([name, value]) => (isNumber(value) ? [{ name, value }] : [])),
    };
  }
  if (merge === 'measures') return measures(data);
  if (Array.isArray(data) && data.every(isPair)) return countsOf(data);
  return treeOf(data);
}
