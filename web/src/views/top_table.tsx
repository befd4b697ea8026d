import type { TopName, TopRow, TopView } from '../api/types.ts';
import { ShareBar, TypeStack } from '../charts/bars.tsx';
import { Count } from '../parts/count.tsx';
import { exact, percent, shortText } from '../parts/format.ts';
import { aboutOf, useHolding } from '../parts/holding.ts';
import { WireKey } from '../parts/wire_text.tsx';
import type { Shown } from '../state/order.ts';
import { narrow } from '../state/screen.ts';
import { isChosen, look, status, switchedOn, toggleRow, tops } from '../state/store.ts';
import type { Table } from '../state/url.ts';
import { Detail } from './top_detail.tsx';

export type ShownRow = Shown<TopRow>;

export interface Kind {
  table: Table;
  title: string;
  many: string;
  /// What stands beside a row, and inside it.
  part: string;
  inside: string;
  parts: string;
}

const kinds: Record<TopName, Kind> = {
  top_names: { table: 'name', title: 'Names', many: 'names', part: 'most from', inside: 'asked by', parts: 'clients' },
  top_clients: { table: 'client', title: 'Clients', many: 'clients', part: 'types', inside: 'asks for', parts: 'types' },
  top_types: { table: 'type', title: 'Types', many: 'types', part: 'most from', inside: 'asked by', parts: 'clients' },
};

/// Who or what is most in a row, without opening it.
function PartInShort({ row, kind }: { row: ShownRow; kind: string }) {
  const [first] = row.parts;
  if (!first) return null;
  if (kind === 'qtype')
    return (
      <span class="in-short">
        <TypeStack parts={row.parts} rest={row.parts_rest} />
        <span class="lead">{first.key}</span>
      </span>
    );
  return (
    <span class="in-short">
      <WireKey kind={kind} text={first.key} />
      <span class="of">{row.queries > 0 && `${Math.round((100 * first.queries) / row.queries)} %`}</span>
    </span>
  );
}

interface RowProps {
  row: ShownRow;
  view: TopView;
  kind: Kind;
  open: boolean;
}

function Row({ row, view, kind, open }: RowProps) {
  const toggle = () => {
    // Marking text to copy it is not a press on the row.
    if (!getSelection()?.toString()) toggleRow(kind.table, row.key);
  };
  const most = view.rows[0]?.share ?? 0;
  return (
    <tr
      class={`row${open ? ' open' : ''}${row.gone ? ' gone' : ''}`}
      data-key={row.key}
      data-queries={row.queries}
      data-share={row.share}
      onClick={toggle}
    >
      <td class="c-key">
        <button class="plain" aria-expanded={open}>
          <WireKey kind={view.key} text={row.key} />
        </button>
        <ShareBar share={row.share} most={most} />
      </td>
      {!narrow.value && (
        <td class="c-part">
          <PartInShort row={row} kind={view.part} />
        </td>
      )}
      <td class="num">
        <Count value={row.queries} suffix=" queries" />
      </td>
      {!narrow.value && (
        <td class="num c-share" title={`${exact(row.share)} %`}>
          {percent(row.share)}
        </td>
      )}
    </tr>
  );
}

function Head({ view, kind }: { view: TopView | null; kind: Kind }) {
  const some = view && view.rows.length > 0;
  return (
    <thead>
      <tr>
        <th class="c-key">
          <h2>{kind.title}</h2>
        </th>
        {!narrow.value && <th class="c-part">{some && kind.part}</th>}
        <th class="num">{some && 'queries'}</th>
        {!narrow.value && <th class="num c-share" title="share of all queries in percent">
            {some && '%'}
          </th>}
      </tr>
    </thead>
  );
}

function RestRow({ view, kind }: { view: TopView; kind: Kind }) {
  const { keys, queries } = view.rest;
  if (keys === 0 && queries === 0) return null;
  const share = view.total > 0 ? (100 * queries) / view.total : 0;
  return (
    <tr class="rest" data-rest={queries}>
      <td class="c-key" colSpan={narrow.value ? 1 : 2} title={exact(keys)}>
        {view.distinct_is_bound && 'at most '}
        {shortText(keys)} other {kind.many}
      </td>
      <td class="num">
        <Count value={queries} suffix=" queries" />
      </td>
      {!narrow.value && <td class="num c-share">{percent(share)}</td>}
    </tr>
  );
}

/// A row held open that is not among the largest any more is not dropped without a word.
function Missing({ wanted, kind, rows }: { wanted: string; kind: Kind; rows: readonly ShownRow[] }) {
  if (!wanted || rows.some((row) => row.key === wanted)) return null;
  return (
    <tr class="missing">
      <td colSpan={narrow.value ? 2 : 4}>
        <span class="missing-line">
          <WireKey kind={kind.table === 'name' ? 'qname' : kind.table === 'client' ? 'client' : 'qtype'} text={wanted} />
          <span class="soft">not among the first {rows.length} now</span>
          <button class="quiet" aria-label="close" onClick={() => toggleRow(kind.table, wanted)}>
            ×
          </button>
        </span>
      </td>
    </tr>
  );
}

function Empty({ kind }: { kind: Kind }) {
  const over = status.value?.state === 'ended' || status.value?.state === 'failed';
  return (
    <tr>
      <td class="empty" colSpan={narrow.value ? 2 : 4}>
        {over ? `No ${kind.many}.` : `${kind.title} appear with the first queries.`}
      </td>
    </tr>
  );
}

export function TopTable({ name }: { name: TopName }) {
  const kind = kinds[name];
  const view = tops[name].value ?? null;
  const { rows, handlers } = useHolding(view?.rows ?? [], aboutOf(view));
  if (!switchedOn.value.includes(name)) return null;
  const wanted = look.value.open[kind.table];
  return (
    <section
      class={`top top-${kind.table}${view && !isChosen(view) ? ' stale' : ''}`}
      data-view={name}
      data-to={view?.to ?? ''}
      data-span={view?.span_minutes ?? ''}
      data-server={view?.server ?? ''}
      data-group={view?.group ?? ''}
      data-total={view?.total ?? ''}
      data-distinct={view?.distinct ?? ''}
      {...handlers}
    >
      <table>
        <Head view={view} kind={kind} />
        <tbody>
          {rows.map((row) => {
            const open = row.key === wanted;
            return [
              <Row key={row.key} row={row} view={view as TopView} kind={kind} open={open} />,
              open && <Detail key={`${row.key} detail`} row={row} view={view as TopView} kind={kind} />,
            ];
          })}
          {view && rows.length > 0 && <RestRow view={view} kind={kind} />}
          {rows.length > 0 && <Missing wanted={wanted} kind={kind} rows={rows} />}
          {rows.length === 0 && <Empty kind={kind} />}
        </tbody>
      </table>
    </section>
  );
}
