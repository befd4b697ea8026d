import { useRef } from 'preact/hooks';
import type { CountRow } from '../api/types.ts';
import { ShareBar } from '../charts/bars.tsx';
import { Count } from '../parts/count.tsx';
import { exact, percent, shortText } from '../parts/format.ts';
import { useHolding } from '../parts/holding.ts';
import { keyColour } from '../parts/keys.ts';
import { keyHeading } from '../parts/measure.ts';
import { WireKey } from '../parts/wire_text.tsx';
import type { Shown } from '../state/order.ts';

/// Without `share` where nobody knows the whole.
export type Counted = Pick<CountRow, 'key' | 'count'> & Partial<CountRow>;

interface Props {
  /// What the rows are about: those of another choice do not hold their places.
  of: string;
  rows: readonly Counted[];
  rest: { keys: number; count: number };
  /// Whether the rest says at most how many keys there are.
  bound?: boolean;
  /// The dimension of the keys; by what each looks like, where it is a function.
  kind: string | ((key: string) => string);
  part?: string;
  open?: string;
  toggle?: (key: string) => void;
}

interface RowProps {
  row: Shown<Counted>;
  kind: string;
  most: number;
  open: boolean;
  toggle: ((key: string) => void) | undefined;
}

function Row({ row, kind, most, open, toggle }: RowProps) {
  const press = () => {
    // Marking text to copy it is not a press on the row.
    if (!getSelection()?.toString()) toggle?.(row.key);
  };
  const key = <WireKey kind={kind} text={row.key} />;
  return (
    <tr
      class={`row${toggle ? '' : ' still'}${open ? ' open' : ''}${row.gone ? ' gone' : ''}`}
      data-key={row.key}
      data-count={row.count}
      {...(toggle ? { onClick: press } : {})}
    >
      <td class={`c-key ${keyColour(kind, row.key)}`}>
        {toggle ? (
          <button class="plain" aria-expanded={open}>
            {key}
          </button>
        ) : (
          key
        )}
        <ShareBar share={row.count} most={most} />
      </td>
      <td class="num">
        <Count value={row.count} />
      </td>
      {row.share !== undefined && (
        <td class="num c-share" title={`${exact(row.share)} %`}>
          {percent(row.share)}
        </td>
      )}
    </tr>
  );
}

/// What is inside a row that was opened.
function Parts({ row, part }: { row: Shown<Counted>; part: string }) {
  const shareOf = (count: number) => (row.count > 0 ? (100 * count) / row.count : 0);
  const rest = row.parts_rest ?? { keys: 0, count: 0 };
  return (
    <>
      {(row.parts ?? []).map(({ key, count }) => (
        <tr key={key} class="part" data-part={key} data-count={count}>
          <td class="c-key">
            <WireKey kind={part} text={key} />
            <ShareBar share={shareOf(count)} most={100} />
          </td>
          <td class="num">
            <Count value={count} />
          </td>
          {row.share !== undefined && (
            <td class="num c-share" title={`${exact(shareOf(count))} % of this row`}>
              {percent(shareOf(count))}
            </td>
          )}
        </tr>
      ))}
      {rest.count > 0 && (
        <tr class="part rest">
          <td class="c-key">{shortText(rest.keys)} other</td>
          <td class="num">
            <Count value={rest.count} />
          </td>
          {row.share !== undefined && <td class="num c-share">{percent(shareOf(rest.count))}</td>}
        </tr>
      )}
      <tr class="part-end">
        <td colSpan={3} />
      </tr>
    </>
  );
}

/// As many lines as there ever were for this choice: what stands below does not move up again.
function useMost(lines: number, of: string): number {
  const most = useRef({ of: '', lines: 0 });
  if (most.current.of !== of) most.current = { of, lines: 0 };
  most.current.lines = Math.max(most.current.lines, lines);
  return most.current.lines;
}

/// Keys with how many there are, the largest first, what was cut off last.
export function CountTable({ of, rows, rest, bound = false, kind, part, open = '', toggle }: Props) {
  const { rows: shown, handlers } = useHolding(rows, of);
  const total = rows.reduce((sum, row) => sum + row.count, rest.count);
  const most = Math.max(0, ...rows.map((row) => row.count));
  const shares = rows.some((row) => row.share !== undefined);
  const some_rest = rest.keys > 0 || rest.count > 0;
  const lines = useMost(shown.length + Number(some_rest), of);
  return (
    <div class="lines" style={{ '--lines': String(lines) }} {...handlers}>
      <table class="counts">
        <thead>
          <tr>
            <th class="c-key">{typeof kind === 'string' && keyHeading(kind)}</th>
            <th class="num">count</th>
            {shares && <th class="num c-share">%</th>}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => [
            <Row
              key={row.key}
              row={row}
              kind={typeof kind === 'string' ? kind : kind(row.key)}
              most={most}
              open={row.key === open}
              toggle={toggle}
            />,
            row.key === open && part !== undefined && <Parts key={`${row.key} parts`} row={row} part={part} />,
          ])}
          {some_rest && (
            <tr class="rest" data-rest={rest.count}>
              <td class="c-key" title={exact(rest.keys)}>
                {bound && 'at most '}
                {shortText(rest.keys)} other
              </td>
              <td class="num">
                <Count value={rest.count} />
              </td>
              {shares && <td class="num c-share">{percent(total > 0 ? (100 * rest.count) / total : 0)}</td>}
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
