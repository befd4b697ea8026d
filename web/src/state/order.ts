import type { TopRow } from '../api/types.ts';

export interface ShownRow extends TopRow {
  /// No longer among the rows the program sends: its numbers are the last that were seen.
  gone: boolean;
}

/// The rows as they come.
export const asSent = (rows: readonly TopRow[]): ShownRow[] => rows.map((row) => ({ ...row, gone: false }));

/// New numbers in the old order, for as long as a pointer rests on the table: what it points
/// at must not move. Rows that are new wait; rows that left stay, marked.
export function inHeldOrder(held: readonly ShownRow[], rows: readonly TopRow[]): ShownRow[] {
  const now = new Map(rows.map((row) => [row.key, row]));
  return held.map((old) => {
    const row = now.get(old.key);
    return row ? { ...row, gone: false } : { ...old, gone: true };
  });
}
