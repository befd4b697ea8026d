import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff_ms } from '../src/api/backoff.ts';
import type { TopRow } from '../src/api/types.ts';
import { asSent, inHeldOrder } from '../src/state/order.ts';
import { formatLook, parseLook, plainLook, type Look } from '../src/state/url.ts';

test('a look survives the address bar', () => {
  const looks: Look[] = [
    plainLook,
    { ...plainLook, span: 15, server: 'ns1 & ns2', theme: 'dark' },
    { ...plainLook, group: 'chile & perú', rows: { rcode_by_transport: 'NXDOMAIN', 'a=b&c': '?' } },
    { ...plainLook, open: { name: 'a\\.b?&=#%.example.', client: '2001:db8::1', type: 'TYPE65280' }, frozen: 1_700_000_000 },
  ];
  for (const look of looks) assert.deepEqual(parseLook(formatLook(look)), look);
});

test('nothing chosen leaves the address bare', () => {
  assert.equal(formatLook(plainLook), '');
});

test('a server and a group exclude each other', () => {
  assert.deepEqual(parseLook('?server=ns1&group=chile'), { ...plainLook, server: 'ns1' });
  assert.equal(formatLook({ ...plainLook, server: 'ns1', group: 'chile' }), '?server=ns1');
});

test('what an address says wrongly is taken as not said', () => {
  const wrong = ['?span=-1', '?span=x', '?span=1e3', '?theme=pink', '?frozen=now', '?frozen=', '?unknown=1', '?%%%'];
  for (const search of [...wrong, '?row=x', '?row.x='])
    assert.deepEqual(parseLook(search), plainLook, search);
});

test('waits grow to a limit, and no two pages knock in step', () => {
  const longest = Array.from({ length: 8 }, (_, attempt) => backoff_ms(attempt, () => 1));
  assert.deepEqual(longest, [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  assert.equal(backoff_ms(0, () => 0), 375);
  assert.equal(backoff_ms(5000, () => 1), 10_000);
});

const row = (key: string, queries: number): TopRow => ({ key, queries, share: 0, parts: [], parts_rest: { keys: 0, queries: 0 } });

test('under a pointer rows keep their places and take new counts', () => {
  const held = asSent([row('a', 3), row('b', 2), row('c', 1)]);
  const shown = inHeldOrder(held, [row('c', 9), row('a', 4), row('d', 1)]);
  assert.deepEqual(
    shown.map(({ key, queries, gone }) => [key, queries, gone]),
    [['a', 4, false], ['b', 2, true], ['c', 9, false]],
  );
});
