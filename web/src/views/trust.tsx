import type { Account } from '../api/types.ts';
import { exact } from '../parts/format.ts';
import { status } from '../state/store.ts';

const plain = (name: string): string => name.replaceAll('_', ' ').replace(/\b(dns|edns|ip|tcp|udp)\b/g, (word) => word.toUpperCase());

// The member that says how much there was to account for; the others say where it went.
const wholes = ['in', 'closed', 'pushed'];

function Line({ name, count, kind }: { name: string; count: number; kind: string }) {
  return (
    <tr class={count === 0 ? `${kind} zero` : kind}>
      <td>{plain(name)}</td>
      <td class="num">{exact(count)}</td>
    </tr>
  );
}

/// What came in and where it went; below each place the reasons, where some are counted.
function AccountTable({ title, account }: { title: string; account: Account }) {
  const entries = Object.entries(account);
  const counts = entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  const whole = counts.find(([name]) => wholes.includes(name));
  const reasons = (name: string) => {
    const by = account[`${name}_by_reason`];
    return typeof by === 'object' ? Object.entries(by).filter(([, count]) => count > 0) : [];
  };
  return (
    <div>
      <h2>{plain(title)}</h2>
      <table class="account">
        <tbody>
          {whole && <Line name={whole[0] === 'in' ? 'came in' : whole[0]} count={whole[1]} kind="sum" />}
          {counts
            .filter((entry) => entry !== whole)
            .map(([name, count]) => [
              <Line key={name} name={name} count={count} kind="" />,
              ...reasons(name).map(([reason, times]) => <Line key={`${name} ${reason}`} name={reason} count={times} kind="reason" />),
            ])}
        </tbody>
      </table>
    </div>
  );
}

export function Trust() {
  const now = status.value;
  if (!now) return <section class="drawer">Nothing is known yet.</section>;
  const malformed = Object.fromEntries(Object.entries(now.malformed).filter(([, count]) => count > 0));
  const told = now.balance['messages']?.['malformed_by_reason'] !== undefined;
  return (
    <section class="drawer balance">
      {Object.entries(now.balance).map(([title, account]) => (
        <AccountTable key={title} title={title} account={account} />
      ))}
      {!told && Object.keys(malformed).length > 0 && <AccountTable title="malformed" account={malformed} />}
      <p class="small">Since the program started. Lost: before we saw it. Dropped: by a full queue of ours. Refused: by the decoder.</p>
    </section>
  );
}
