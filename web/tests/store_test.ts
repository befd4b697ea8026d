import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MergedView, RatesView, Status, TableView } from '../src/api/types.ts';

// What the store finds in a browser.
Object.assign(globalThis, {
  location: { search: '?span=1', pathname: '/', host: 'localhost' },
  history: { pushState: () => {}, replaceState: () => {} },
});
const store = await import('../src/state/store.ts');
const { signInTrouble } = await import('../src/state/session.ts');
const { ApiError } = await import('../src/api/client.ts');

const table = (more: Partial<TableView> = {}): TableView => ({
  processor: 'rcodes',
  kind: 'table',
  span_minutes: 1,
  server: '',
  from: null,
  to: '1700000000.000000000',
  key: 'rcode',
  total: 6,
  distinct: 1,
  distinct_is_bound: false,
  rows: [{ key: 'NOERROR', count: 6, share: 100 }],
  rest: { keys: 0, count: 0 },
  ...more,
});
const rates = (servers: string[]): RatesView => ({
  processor: 'rates',
  span_minutes: 1,
  server: '',
  from: null,
  to: '1700000000.000000000',
  servers: servers.map((server) => ({ server, queries_per_second: 1, responses_per_second: 1 })),
  total: { queries_per_second: 1, responses_per_second: 1 },
  series: { start: 0, step: 1, servers: [] },
});
const names = (count: number) => Array.from({ length: count }, (_, i) => `ns${String(i).padStart(3, '0')}`);
const status = (more: Partial<Status>): Status => ({
  version: '',
  source: '',
  state: 'live',
  error: '',
  server: '',
  started: '',
  watermark: null,
  behind_seconds: null,
  spans: [1],
  views: [],
  servers: [],
  trust: { level: 'green', reasons: [] },
  ...more,
});
const show = (view: TableView | MergedView | RatesView) => {
  store.take(view, true);
  store.flush();
};

test('views without a place of their own are those of a kind that is known, by title', () => {
  store.status.value = status({
    views: ['top_names', 'rates', 'rcodes', 'Latency', 'a_wave', 'constructor', 'more_rates'],
    kinds: {
      top_names: 'table',
      rates: 'rates',
      rcodes: 'table',
      Latency: 'merged',
      a_wave: 'sonogram',
      more_rates: 'rates',
    },
  });
  assert.deepEqual(store.otherNames.value, ['Latency', 'rcodes']);
});

test('an older program without kinds has no other views', () => {
  store.status.value = status({ views: ['rates', 'rcodes'] });
  assert.deepEqual(store.otherNames.value, []);
});

test('a point of a long chart is the mean of all its windows, however few come at a time', () => {
  const servers = names(200);
  const load = (at: number) => (at % 7) * 10;
  const from = 1_700_000_000;
  const part = (start: number, end: number): RatesView => ({
    ...rates(servers),
    series: {
      start,
      step: 1,
      servers: servers.map((server) => {
        const queries = Array.from({ length: end - start }, (_, i) => load(start + i));
        return { server, queries, responses: queries };
      }),
    },
  });
  show(part(from, from + 60));
  const end = from + 400;
  for (let at = from + 60; at < end; ++at) assert.equal(store.take(part(at, at + 1), false), true);
  store.flush();
  const { series } = store.rates.value!;
  assert.ok(series.step > 1, 'so many servers are shown in coarse points');
  const whole = Math.floor((end - series.start) / series.step);
  for (let i = 0; i < whole; ++i) {
    const windows = Array.from({ length: series.step }, (_, j) => series.start + i * series.step + j).filter((at) => at >= from);
    const mean = windows.reduce((sum, at) => sum + load(at), 0) / windows.length;
    assert.equal(series.servers[7]!.queries[i], mean);
  }
  assert.equal(store.take(part(end + 1, end + 2), false), false, 'a second is missing');
});

test('a view of another choice is not taken', () => {
  show(table());
  assert.equal(store.other('rcodes').value?.processor, 'rcodes');
  show(table({ total: 7, group: 'chile' }));
  assert.deepEqual(store.other('rcodes').value, table());
  store.setGroup('chile');
  show(table({ total: 8 }));
  assert.deepEqual(store.other('rcodes').value, table());
  show(table({ total: 9, group: 'chile' }));
  assert.deepEqual(store.other('rcodes').value, table({ total: 9, group: 'chile' }));
  store.setServer('');
});

test('frozen, other views stand still as all do', () => {
  show(rates(['ns1']));
  show(table({ total: 1 }));
  store.freeze();
  show(table({ total: 2 }));
  assert.deepEqual(store.other('rcodes').value, table({ total: 1 }));
  store.thaw();
  assert.deepEqual(store.other('rcodes').value, table({ total: 2 }));
});

test('a view that is gone is forgotten, and comes back empty', () => {
  show(table());
  store.status.value = status({ views: ['rates'] });
  store.forget();
  assert.equal(store.other('rcodes').value, null);
  store.flush();
  assert.equal(store.other('rcodes').value, null);
});

test('a group narrows the servers, and a server and a group are never chosen both', () => {
  const all = names(20);
  store.status.value = status({
    servers: all.map((server) => ({ server, last: null, state: 'live' })),
    groups: [{ name: 'few', servers: ['ns003', 'ns011', 'elsewhere'] }],
  });
  show(rates(all));
  assert.equal(store.scopeNames.value.length, 20);
  assert.equal(store.eachHasLine.value, false);
  assert.equal(store.serverColour('ns003'), 0);
  store.highlighted.value = 'ns003';
  assert.equal(store.serverColour('ns003'), 1);
  store.highlighted.value = '';
  store.setGroup('few');
  assert.deepEqual(store.scopeNames.value, ['ns003', 'ns011']);
  assert.deepEqual([store.serverColour('ns003'), store.serverColour('ns011')], [1, 2]);
  store.setServer('ns011');
  assert.equal(store.group.value, '');
  assert.equal(store.server.value, 'ns011');
});

test('few servers keep their colours whatever is chosen', () => {
  const all = names(8);
  store.status.value = status({
    servers: all.map((server) => ({ server, last: null, state: 'live' })),
    groups: [{ name: 'two', servers: ['ns002', 'ns005'] }],
  });
  store.setServer('');
  show(rates(all));
  const before = store.serverColour('ns005');
  store.setGroup('two');
  assert.equal(store.serverColour('ns005'), before);
});

test('why one could not sign in is said', () => {
  assert.equal(signInTrouble(new ApiError(401, 'x')), 'This token is not known here.');
  assert.match(signInTrouble(new ApiError(429, 'x')), /^Too many wrong tokens/);
  assert.equal(signInTrouble(new ApiError(503, 'starting')), 'starting');
  assert.match(signInTrouble(new TypeError('failed to fetch')), /does not answer at localhost/);
});
