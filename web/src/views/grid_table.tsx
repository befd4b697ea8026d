import { exact, shortText } from '../parts/format.ts';
import { useHolding } from '../parts/holding.ts';
import { guessKind } from '../parts/keys.ts';
import {
  distinct_error,
  heading,
  leafText,
  leafTitle,
  quantileNames,
  spelled,
  unitOf,
  type Unit,
} from '../parts/measure.ts';
import { WireKey } from '../parts/wire_text.tsx';
import type { Grid, GridRow, Leaf } from '../state/merged.ts';
import type { Shown } from '../state/order.ts';

interface Column {
  name: string;
  unit: Unit;
  /// What its leaves are, most likely all of them.
  kind: Leaf['kind'];
}

const columnsOf = ({ columns, rows }: Grid): Column[] =>
  columns.map((name) => {
    const leaf = rows.find(({ cells }) => cells.has(name))?.cells.get(name);
    return { name, unit: unitOf(name), kind: leaf?.kind ?? 'text' };
  });

const isNumeric = ({ kind }: Column): boolean => kind === 'number' || kind === 'distinct';

function Head({ columns }: { columns: readonly Column[] }) {
  const two_lines = columns.some(({ kind }) => kind === 'quantiles' || kind === 'distinct');
  const below = (text: string, key: string) => (
    <th key={key} class="num sub">
      {text}
    </th>
  );
  return (
    <thead>
      <tr class={two_lines ? 'upper' : ''}>
        <th class="c-key" />
        {columns.map((column) => (
          <th
            key={column.name}
            class={column.kind === 'quantiles' ? 'span' : isNumeric(column) ? 'num' : ''}
            colSpan={column.kind === 'quantiles' ? quantileNames.length : 1}
            title={column.name}
          >
            {heading(column.name)}
          </th>
        ))}
      </tr>
      {two_lines && (
        <tr>
          <th class="c-key" />
          {columns.flatMap(({ name, kind }) =>
            kind === 'quantiles'
              ? quantileNames.map((quantile) => below(quantile, `${name} ${quantile}`))
              : [below(kind === 'distinct' ? distinct_error : '', name)],
          )}
        </tr>
      )}
    </thead>
  );
}

function Numeral({ value, unit, title }: { value: number; unit: Unit; title?: string }) {
  const { digits, scale, exact: all } = spelled(value, unit);
  return (
    <td class="num" title={title ?? all}>
      {digits}
      <span class="unit">{scale}</span>
    </td>
  );
}

/// One cell, or four of quantiles.
function Cells({ leaf, column }: { leaf: Leaf | undefined; column: Column }) {
  const { unit, kind } = column;
  if (kind === 'quantiles') {
    if (leaf?.kind !== 'quantiles') return <td class="num" colSpan={quantileNames.length} />;
    const of = (name: string) => `${name} of ${exact(leaf.count)}`;
    return quantileNames.map((name) => (
      <Numeral key={name} value={leaf[name]} unit={unit} title={`${spelled(leaf[name], unit).exact}, ${of(name)}`} />
    ));
  }
  if (!leaf) return <td class={isNumeric(column) ? 'num' : ''} />;
  if (leaf.kind === 'number') return <Numeral value={leaf.value} unit={unit} />;
  if (leaf.kind === 'distinct') return <Numeral value={leaf.estimate} unit="" title={leafTitle(leaf, unit)} />;
  return (
    <td class="words" title={leafTitle(leaf, unit)}>
      {leafText(leaf, unit)}
    </td>
  );
}

function Key({ row: { path, rest } }: { row: GridRow }) {
  return (
    <td class="c-key" title={path.join(' / ')}>
      <span class="path">
        {path.map((key, i) => (
          <WireKey key={`${i} ${key}`} kind={guessKind(key)} text={key} />
        ))}
        {rest && <span class="soft">{shortText(rest.keys)} other</span>}
        {!rest && path.length === 0 && <span class="soft">all</span>}
      </span>
    </td>
  );
}

/// Rows by key with a column for each measure. Where it is wider than its place, it is moved
/// sideways while the keys stay.
/// Beyond `most` rows the others are counted.
export function GridTable({ grid, of, most = 20 }: { grid: Grid; of: string; most?: number }) {
  const { rows, handlers } = useHolding(grid.rows, of);
  const columns = columnsOf(grid);
  const shown: readonly Shown<GridRow>[] = rows.slice(0, most);
  return (
    <div class="sideways" {...handlers}>
      <table class="grid">
        <Head columns={columns} />
        <tbody>
          {shown.map((row) => (
            <tr
              key={row.key}
              class={`${row.rest ? 'rest' : ''}${row.gone ? ' gone' : ''}`}
              data-key={row.path.join(' ')}
            >
              <Key row={row} />
              {columns.map((column) => (
                <Cells key={column.name} leaf={row.cells.get(column.name)} column={column} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown.length && <p class="small">{exact(rows.length - shown.length)} more rows</p>}
    </div>
  );
}
