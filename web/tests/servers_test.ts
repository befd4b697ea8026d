import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerState, ServerStatus } from '../src/api/types.ts';
import { accountLines } from '../src/state/account.ts';
import { census, remarks, stateWords, troubledFirst } from '../src/state/health.ts';
import { matching, scopeKey, scopes, step } from '../src/state/scopes.ts';

const server = (name: string, state: ServerState, more: Partial<ServerStatus> = {}): ServerStatus => ({
  server: name,
  last: '1700000000.000000000',
  state,
  ...more,
});
const byName = (list: readonly ServerStatus[]) => new Map(list.map((s) => [s.server, s]));

test('a state is told in words, with how much', () => {
  const cases: [ServerState, number | null, string][] = [
    ['live', 2, 'live'],
    ['late', 40.4, 'late by 40 s'],
    ['ahead', -12.2, 'clock ahead by 12 s'],
    ['past', 4e6, 'replays the past'],
    ['silent', 180, 'silent for 3 min'],
    ['silent', null, 'silent'],
    ['dreaming' as ServerState, 3, 'dreaming'],
  ];
  for (const [state, lag, words] of cases) assert.equal(stateWords(state, lag), words);
});

test('troubled servers come first, the worst of them before the others, and equals by name', () => {
  const list = [
    server('a', 'live'),
    server('b', 'late'),
    server('c', 'live', { missing_windows: 2 }),
    server('d', 'silent'),
    server('e', 'ahead'),
    server('f', 'past'),
    server('g', 'live', { kernel_lost: 1 }),
    server('h', 'dreaming' as ServerState),
    server('i', 'late'),
  ];
  const names = [...list.map((s) => s.server), 'unheard'].reverse();
  assert.deepEqual(troubledFirst(names, byName(list)), ['d', 'b', 'i', 'e', 'f', 'h', 'c', 'g', 'a', 'unheard']);
});

test('what is missing or lost is said, and how many watch', () => {
  const monitor = { monitor: 'm', state: 'live' as const, lag_seconds: 1, boot: 'b' };
  assert.deepEqual(remarks(server('a', 'live')), []);
  assert.deepEqual(remarks(server('a', 'live', { monitors: [monitor] })), []);
  assert.deepEqual(
    remarks(
      server('a', 'live', { missing_windows: 1, kernel_lost: 1204, queue_lost: 2, monitors: [monitor, monitor] }),
    ),
    ['1 window missing', 'kernel lost 1,204 frames', 'monitor lost 2 frames', '2 monitors'],
  );
});

test('a census counts every state, also one that nobody knows', () => {
  const list = [server('a', 'late'), server('b', 'live'), server('c', 'live'), server('d', 'dreaming' as ServerState)];
  assert.deepEqual(census(list), [
    { state: 'live', count: 2 },
    { state: 'late', count: 1 },
    { state: 'dreaming', count: 1 },
  ]);
});

const groups = [{ name: 'chile', servers: ['ns1', 'ns2'] }];
const health = byName([server('ns1', 'live'), server('ns2', 'late')]);
const offered = (chosen = { server: '', group: '' }) => scopes(groups, ['ns1', 'ns2', 'ns3'], health, chosen);

test('all, groups and servers are offered in this order', () => {
  assert.deepEqual(
    offered().map((scope) => [scope.kind, scope.name, scope.size]),
    [
      ['all', '', 3],
      ['group', 'chile', 2],
      ['server', 'ns1', 1],
      ['server', 'ns2', 1],
      ['server', 'ns3', 1],
    ],
  );
  assert.equal(new Set(offered().map(scopeKey)).size, 5);
});

test('what was chosen but is gone is offered all the same', () => {
  assert.ok(offered({ server: 'old', group: '' }).some((scope) => scope.kind === 'server' && scope.name === 'old'));
  assert.ok(offered({ server: '', group: 'peru' }).some((scope) => scope.kind === 'group' && scope.name === 'peru'));
});

test('a filter finds by parts of names and by states', () => {
  const names = (text: string) => matching(offered(), text).map((scope) => scope.name);
  assert.deepEqual(names(''), ['', 'chile', 'ns1', 'ns2', 'ns3']);
  assert.deepEqual(names('NS 2'), ['ns2']);
  assert.deepEqual(names('late'), ['ns2']);
  assert.deepEqual(names('group'), ['chile']);
  assert.deepEqual(names('nothing'), []);
});

test('a step goes round, and comes in at the near end', () => {
  assert.equal(step(-1, 1, 3), 0);
  assert.equal(step(-1, -1, 3), 2);
  assert.equal(step(2, 1, 3), 0);
  assert.equal(step(0, -1, 3), 2);
  assert.equal(step(0, 1, 0), -1);
});

test('an account begins with the whole, has its reasons in place, and keeps what nobody knows', () => {
  const account = {
    decoded: 990,
    in: 1000,
    filtered: 10,
    filtered_by_reason: { other_port: 10, not_ip: 0 },
    by_site: { scl: 3 },
    note: 'x',
  };
  assert.deepEqual(accountLines(account), [
    { name: 'came in', value: 1000, kind: 'sum' },
    { name: 'decoded', value: 990, kind: '' },
    { name: 'filtered', value: 10, kind: '' },
    { name: 'other_port', value: 10, kind: 'reason' },
    { name: 'by_site', value: null, kind: '' },
    { name: 'scl', value: 3, kind: 'reason' },
    { name: 'note', value: 'x', kind: '' },
  ]);
  assert.deepEqual(accountLines({ missing: 12 }), [{ name: 'missing', value: 12, kind: '' }]);
});
