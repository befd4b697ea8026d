import { keyHelp } from '../state/keys.ts';
import { aggregates, status } from '../state/store.ts';

export function Help() {
  return (
    <section class="drawer help">
      <div>
        <h2>Keys</h2>
        <dl>
          {keyHelp.map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </div>
      <div class="prose">
        <h2>What the numbers say</h2>
        <p>
          <b>Now</b> is the newest window that every server has reported. Everything else covers the chosen minutes, up to the time at the
          bottom of the page. Times are those of the packets, in UTC.
        </p>
        <p>
          <b>Unanswered</b> compares queries with responses in the same minutes; a response that is still on its way counts as missing.
        </p>
        <p>Hover a number for all its digits and a name for all its octets. Press a row to see who is behind it, a server to see it alone.</p>
        {aggregates.value && (
          <p>
            A server's <b>state</b> is that of its newest window: live; late, when it should have come before; clock
            ahead, when it ends in the future; silent, when nothing comes. Missing windows are those between others that
            are here.
          </p>
        )}
        <p>
          Freezing stops only the page: counting goes on. The address bar holds what you see, to reload or to send to somebody.
        </p>
      </div>
      <p class="small">
        RaTA DNS {status.value?.version} · <a href="/metrics">metrics</a> · <a href="/licences.txt">licences</a>
      </p>
    </section>
  );
}
