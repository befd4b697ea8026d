import type { Part, TopName, TopView } from '../api/types.ts';
import { ShareBar } from '../charts/bars.tsx';
import { exact, percent, shortText } from '../parts/format.ts';
import { unicodeName } from '../parts/name.ts';
import { Count } from '../parts/count.tsx';
import { WireKey } from '../parts/wire_text.tsx';
import { narrow } from '../state/screen.ts';
import { look, toggleRow, tops } from '../state/store.ts';
import type { Table } from '../state/url.ts';
import type { Kind, ShownRow } from './top_table.tsx';

const tableOf: Record<string, { view: TopName; table: Table }> = {
  client: { view: 'top_clients', table: 'client' },
  qtype: { view: 'top_types', table: 'type' },
};

/// A client or type inside a row; a press opens it in its own table, where that has it.
function PartKey({ kind, text }: { kind: string; text: string }) {
  const other = tableOf[kind];
  if (!other || !tops[other.view].value?.rows.some((row) => row.key === text)) return <WireKey kind={kind} text={text} />;
  const open = () => {
    if (look.value.open[other.table] !== text) toggleRow(other.table, text);
    requestAnimationFrame(() =>
      document.querySelector(`[data-view="${other.view}"] tr.open`)?.scrollIntoView({ block: 'nearest' }),
    );
  };
  return (
    <button class="link plain" onClick={open}>
      <WireKey kind={kind} text={text} />
    </button>
  );
}

function PartRow({ part, of, kind }: { part: Part; of: ShownRow; kind: string }) {
  const share = of.queries > 0 ? (100 * part.queries) / of.queries : 0;
  return (
    <tr class="part" data-part={part.key} data-queries={part.queries}>
      <td class="c-key" colSpan={narrow.value ? 1 : 2}>
        <PartKey kind={kind} text={part.key} />
        <ShareBar share={share} most={100} />
      </td>
      <td class="num">
        <Count value={part.queries} suffix=" queries" />
      </td>
      {!narrow.value && (
        <td class="num c-share" title={`${exact(share)} % of this row`}>
          {percent(share)}
        </td>
      )}
    </tr>
  );
}

/// What is inside a row that was opened: the whole name, and who asks for it.
export function Detail({ row, view, kind }: { row: ShownRow; view: TopView; kind: Kind }) {
  const readable = view.key === 'qname' ? unicodeName(row.key) : null;
  const { keys, queries } = row.parts_rest;
  return (
    <>
      <tr class="whole">
        <td colSpan={narrow.value ? 2 : 4}>
          {(view.key === 'qname' || row.key.length > 15) && (
            <bdi class="wire" dir="ltr">
              {row.key}
            </bdi>
          )}
          {readable && (
            <div class="soft">
              reads <bdi>{readable}</bdi>
            </div>
          )}
          <span class="soft">
            {`${exact(row.queries)} queries, ${percent(row.share)} % of all${row.gone ? ' when last among the first' : ''}; ${kind.inside}`}
          </span>
        </td>
      </tr>
      {row.parts.map((part) => (
        <PartRow key={part.key} part={part} of={row} kind={view.part} />
      ))}
      {(keys > 0 || queries > 0) && (
        <tr class="part rest">
          <td class="c-key" colSpan={narrow.value ? 1 : 2}>
            {shortText(keys)} other {kind.parts}
          </td>
          <td class="num">
            <Count value={queries} suffix=" queries" />
          </td>
          {!narrow.value && <td class="num c-share">{percent(row.queries > 0 ? (100 * queries) / row.queries : 0)}</td>}
        </tr>
      )}
      <tr class="part-end">
        <td colSpan={narrow.value ? 2 : 4} />
      </tr>
    </>
  );
}
