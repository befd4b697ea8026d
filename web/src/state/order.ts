export interface Keyed {
  key: string;
}

/// `gone`: no longer among the rows that are sent; its numbers are the last that were seen.
export type Shown<Row extends Keyed> = Row & { gone: boolean };

/// The rows as they come.
export const asSent = <Row extends Keyed>(rows: readonly Row[]): Shown<Row>[] =>
  rows.map((row) => ({ ...row, gone: false }));

/// New numbers in the old order, for as long as a pointer rests on the table: what it points
/// at must not move. Rows that are new wait; rows that left stay, marked.
export function inHeldOrder<Row extends Keyed>(held: readonly Shown<Row>[], rows: readonly Row[]): Shown<Row>[] {
  const now = new Map(rows.map((row) => [row.key, row]));
  return held.map((old) => {
    const row = now.get(old.key);
    return row ? { ...row, gone: false } : { ...old, gone: true };
  });
}
