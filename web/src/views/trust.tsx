import type { Account } from '../api/types.ts';
import { exact } from '../parts/format.ts';
import { plain } from '../parts/words.ts';
import { accountLines, type AccountLine } from '../state/account.ts';
import { aggregates, status } from '../state/store.ts';

function Line({ line: { name, value, kind } }: { line: AccountLine }) {
  return (
    <tr class={value === 0 ? `${kind} zero` : kind}>
      <td>{plain(name)}</td>
      <td class="num">{typeof value === 'number' ? exact(value) : value}</td>
    </tr>
  );
}

function AccountTable({ title, account }: { title: string; account: Account }) {
  return (
    <div>
      <h2>{plain(title)}</h2>
      <table class="account">
        <tbody>
          {accountLines(account).map((line, i) => (
            <Line key={`${i} ${line.name}`} line={line} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/// All reasons; above the numbers stand only the first ones.
function Reasons({ reasons }: { reasons: readonly string[] }) {
  if (!reasons.length) return null;
  return (
    <div class="reasons">
      <h2>Why not all is well</h2>
      <ul>
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </div>
  );
}

const notes = {
  run: 'Since the program started. Lost: before we saw it. Dropped: by a full queue of ours. Refused: by the decoder.',
  aggregator:
    'Since the program started; what is missing and the size of the history are of now. Repeated: counted before.',
};

export function Trust() {
  const now = status.value;
  if (!now) return <section class="drawer">Nothing is known yet.</section>;
  const balance = now.balance ?? {};
  const malformed = Object.fromEntries(Object.entries(now.malformed ?? {}).filter(([, count]) => count > 0));
  const told = balance['messages']?.['malformed_by_reason'] !== undefined;
  return (
    <section class="drawer balance">
      {Object.entries(balance).map(([unit, account]) => (
        <AccountTable key={unit} title={unit} account={typeof account === 'object' ? account : { total: account }} />
      ))}
      {!told && Object.keys(malformed).length > 0 && <AccountTable title="malformed" account={malformed} />}
      <Reasons reasons={now.trust.reasons} />
      <p class="small">{aggregates.value ? notes.aggregator : notes.run}</p>
    </section>
  );
}
