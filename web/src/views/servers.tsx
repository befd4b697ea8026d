import { computed } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { MonitorStatus, Rate, ServerStatus } from '../api/types.ts';
import { duration, exact, percent, short, unanswered } from '../parts/format.ts';
import { useHolding } from '../parts/holding.ts';
import { StateMark } from '../parts/state_mark.tsx';
import { several } from '../parts/words.ts';
import { census, remarks, stateWords, troubledFirst } from '../state/health.ts';
import { times } from '../state/series.ts';
import {
  cursor_s,
  eachHasLine,
  group,
  healthOf,
  highlighted,
  newest_s,
  rates,
  scopeNames,
  seconds,
  server,
  serverColour,
  serverNames,
  setServer,
  switchedOn,
} from '../state/store.ts';

// What fits beside the charts; the others are a press away.
const shown_at_first = 12;

/// Then names need the room of the responses, of which the unanswered tell as well.
const many = computed(() => scopeNames.value.length > shown_at_first);
const columns = (): number => (many.value ? 3 : 4);

/// The rates of one server: under the pointer when it is on the chart, else of the whole span.
function rateOf(name: string): Rate | null {
  const view = rates.value;
  const at = cursor_s.value;
  if (!view) return null;
  if (at === null) return view.servers.find((s) => s.server === name) ?? null;
  const i = times(view.series).indexOf(at);
  const series = view.series.servers.find((s) => s.server === name);
  const queries = series?.queries[i];
  const responses = series?.responses[i];
  return typeof queries === 'number' ? { queries_per_second: queries, responses_per_second: responses ?? 0 } : null;
}

function Cell({ value }: { value: number | undefined }) {
  if (value === undefined) return <td class="num">–</td>;
  const { digits, unit } = short(value);
  return (
    <td class="num" title={`${exact(value)}/s`}>
      {digits}
      <span class="unit">{unit}</span>
    </td>
  );
}

/// How old the newest window is: as an aggregator says, else behind the newest of all.
function lagOf({ last, lag_seconds }: ServerStatus): number | null {
  if (lag_seconds !== undefined) return lag_seconds;
  const end = seconds(last);
  return end === null || newest_s.value === null ? null : newest_s.value - end;
}

/// While a pointer is on it, its line stands out.
const pointing = (name: string) => ({
  onPointerEnter: () => (highlighted.value = serverNames.value.length > 1 ? name : ''),
  onPointerLeave: () => (highlighted.value = ''),
});

/// Nothing of a server that is well, unless an aggregator tells how far behind it is.
function Health({ health }: { health: ServerStatus | undefined }) {
  if (!health || isQuiet(health)) return null;
  const lag = lagOf(health);
  const behind = health.state === 'live' && lag !== null ? `, ${duration(lag)} behind` : '';
  return (
    <tr class="health-line" data-health={health.state} {...pointing(health.server)}>
      <td colSpan={columns()} class={`health health-${health.state}`}>
        <StateMark state={health.state} />
        {stateWords(health.state, lag)}
        {behind}
        {remarks(health).map((remark) => (
          <span key={remark} class={/missing|lost/.test(remark) ? 'warn' : 'soft'}>
            {' · '}
            {remark}
          </span>
        ))}
      </td>
    </tr>
  );
}

const isQuiet = (health: ServerStatus | undefined): boolean =>
  !health || (health.state === 'live' && health.lag_seconds === undefined);

/// Who watches a server that is looked at alone.
function Monitors({ monitors }: { monitors: readonly MonitorStatus[] }) {
  return monitors.map(({ monitor, state, lag_seconds, boot }) => (
    <tr key={monitor} class="monitor" data-monitor={monitor}>
      <td colSpan={columns()} title={`boot ${boot}`}>
        <StateMark state={state} />
        {monitor}{' '}
        <span class="soft">
          {state === 'live' ? `${duration(lag_seconds)} behind` : stateWords(state, lag_seconds)}
        </span>
      </td>
    </tr>
  ));
}

function Row({ name }: { name: string }) {
  const rate = rateOf(name);
  const missing = rate ? unanswered(rate.queries_per_second, rate.responses_per_second) : null;
  const choosable = serverNames.value.length > 1;
  const chosen = server.value === name;
  return (
    <tr
      data-server-row={name}
      data-queries={rate?.queries_per_second ?? ''}
      data-responses={rate?.responses_per_second ?? ''}
      class={`${chosen ? 'chosen' : ''}${isQuiet(healthOf.value.get(name)) ? '' : ' told'}`}
      {...pointing(name)}
    >
      <td class="c-key">
        {eachHasLine.value && <span class={`swatch s${serverColour(name)}`} aria-hidden="true" />}
        {choosable ? (
          <button
            class="link plain"
            aria-pressed={chosen}
            title={chosen ? 'all servers' : `only ${name}`}
            onClick={() => setServer(chosen ? '' : name)}
          >
            {name}
          </button>
        ) : (
          <span title={name}>{name}</span>
        )}
      </td>
      <Cell value={rate?.queries_per_second} />
      {!many.value && <Cell value={rate?.responses_per_second} />}
      <td class="num c-missing" title={missing === null ? '' : `${exact(missing)} %`}>
        {missing === null ? '–' : `${percent(missing)} %`}
      </td>
    </tr>
  );
}

/// How many are in each state. Where all are in view and well, that need not be said.
function Census({ names }: { names: readonly string[] }) {
  const known = names.flatMap((name) => healthOf.value.get(name) ?? []);
  return (
    <p class="census small">
      {census(known).map(({ state, count }) => (
        <span key={state} class={`health health-${state}`} data-census={state}>
          <StateMark state={state} />
          {count} {state}
        </span>
      ))}
    </p>
  );
}

function Head({ some }: { some: boolean }) {
  return (
    <thead>
      <tr>
        <th class="c-key">
          <h2>
            Servers <span class="soft">per s</span>
          </h2>
        </th>
        <th class="num">{some && 'queries'}</th>
        {!many.value && <th class="num c-responses">{some && 'responses'}</th>}
        <th class="num c-missing">{some && 'unanswered'}</th>
      </tr>
    </thead>
  );
}

/// The first few, with the chosen one among them.
function cut(names: readonly string[], all: boolean): readonly string[] {
  if (all || names.length <= shown_at_first) return names;
  const first = names.slice(0, shown_at_first);
  return !server.value || first.includes(server.value) || !names.includes(server.value)
    ? first
    : [server.value, ...first.slice(0, -1)];
}

export function Servers() {
  const [all, showAll] = useState(false);
  const names = scopeNames.value;
  const ordered = troubledFirst(names, healthOf.value);
  const { rows, handlers } = useHolding(
    ordered.map((key) => ({ key })),
    `${group.value} ${ordered.length}`,
  );
  if (!switchedOn.value.includes('rates') && !names.length) return null;
  const shown = cut(
    rows.map(({ key }) => key),
    all,
  );
  const monitors = healthOf.value.get(server.value)?.monitors ?? [];
  return (
    <section class={`servers${many.value ? ' many' : ''}${all ? ' all' : ''}`} data-view="servers" {...handlers}>
      <div class="scroll">
        <table>
          <Head some={names.length > 0} />
          <tbody>
            {shown.map((name) => [
              <Row key={name} name={name} />,
              <Health key={`${name} health`} health={healthOf.value.get(name)} />,
              name === server.value && monitors.length > 1 && <Monitors key={`${name} monitors`} monitors={monitors} />,
            ])}
            {!names.length && (
              <tr>
                <td class="empty" colSpan={columns()}>
                  A server shows with its first message.
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
      {many.value && (
        <div class="census-line">
          <Census names={names} />
          <button class="link small" aria-expanded={all} onClick={() => showAll(!all)}>
            {all ? 'show fewer' : `all ${several(names.length, 'server')}`}
          </button>
        </div>
      )}
    </section>
  );
}
