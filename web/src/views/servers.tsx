import type { Rate, ServerStatus } from '../api/types.ts';
import { duration, exact, percent, short, unanswered } from '../parts/format.ts';
import { times } from '../state/series.ts';
import {
  cursor_s, highlighted, newest_s, rates, seconds, server, serverColour, serverNames, servers, setServer, switchedOn,
} from '../state/store.ts';

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

function Health({ health }: { health: ServerStatus | undefined }) {
  if (!health || health.state === 'live') return null;
  const last = seconds(health.last);
  const behind = last !== null && newest_s.value !== null ? ` ${duration(newest_s.value - last)}` : '';
  return (
    <span class={`health health-${health.state}`}>
      {health.state}
      {behind}
    </span>
  );
}

function Row({ name, health }: { name: string; health: ServerStatus | undefined }) {
  const rate = rateOf(name);
  const missing = rate ? unanswered(rate.queries_per_second, rate.responses_per_second) : null;
  const several = serverNames.value.length > 1;
  const chosen = server.value === name;
  return (
    <tr
      data-server-row={name}
      data-queries={rate?.queries_per_second ?? ''}
      data-responses={rate?.responses_per_second ?? ''}
      class={chosen ? 'chosen' : ''}
      onPointerEnter={() => (highlighted.value = several ? name : '')}
      onPointerLeave={() => (highlighted.value = '')}
    >
      <td class="c-key">
        <span class={`swatch s${serverColour(name)}`} aria-hidden="true" />
        {several ? (
          <button class="link plain" aria-pressed={chosen} title={chosen ? 'all servers' : `only ${name}`} onClick={() => setServer(chosen ? '' : name)}>
            {name}
          </button>
        ) : (
          <span title={name}>{name}</span>
        )}
        <Health health={health} />
      </td>
      <Cell value={rate?.queries_per_second} />
      <Cell value={rate?.responses_per_second} />
      <td class="num c-missing" title={missing === null ? '' : `${exact(missing)} %`}>
        {missing === null ? '–' : `${percent(missing)} %`}
      </td>
    </tr>
  );
}

export function Servers() {
  if (!switchedOn.value.includes('rates')) return null;
  const some = serverNames.value.length > 0;
  const health = new Map(servers.value.map((s) => [s.server, s]));
  return (
    <section class="servers" data-view="servers">
      <table>
        <thead>
          <tr>
            <th class="c-key">
              <h2>
                Servers <span class="soft">per s</span>
              </h2>
            </th>
            <th class="num">{some && 'queries'}</th>
            <th class="num c-responses">{some && 'responses'}</th>
            <th class="num c-missing">{some && 'unanswered'}</th>
          </tr>
        </thead>
        <tbody>
          {serverNames.value.map((name) => (
            <Row key={name} name={name} health={health.get(name)} />
          ))}
          {!some && (
            <tr>
              <td class="empty" colSpan={4}>
                A server shows with its first message.
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}
