import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RateSeries } from '../src/api/types.ts';
import { coarseness, coarsen, endOf, joins, merge, reportedPoints, totals } from '../src/state/series.ts';

const one = (start: number, queries: (number | null)[], step = 1, server = 'ns1'): RateSeries => ({
  start,
  step,
  servers: [{ server, queries, responses: queries.map((q) => (q === null ? null : q / 2)) }],
});
const queriesOf = (series: RateSeries, i = 0) => series.servers[i]?.queries;

test('the newest windows are laid over what is held, and old ones fall off', () => {
  const merged = merge(one(100, [1, 2, 3, 4]), one(103, [40, 5, 6]), 102);
  assert.deepEqual(merged, one(102, [3, 40, 5, 6]));
});

test('a window that came before is not lost to a null', () => {
  assert.deepEqual(queriesOf(merge(one(100, [1, 2]), one(101, [null, 3]), 0)), [1, 2, 3]);
});

test('a gap is seen, and so is a server that was not there', () => {
  assert.equal(joins(one(100, [1, 2]), one(102, [3])), true);
  assert.equal(joins(one(100, [1, 2]), one(103, [3])), false);
  assert.equal(joins(one(100, [1, 2]), one(101, [3], 1, 'ns2')), false);
});

test('what a gap left out stays empty', () => {
  assert.deepEqual(queriesOf(merge(one(100, [1]), one(103, [4]), 0)), [1, null, null, 4]);
});

test('servers keep one order whoever comes first', () => {
  const merged = merge(one(100, [1], 1, 'b'), one(100, [2], 1, 'a'), 0);
  assert.deepEqual(merged.servers.map((s) => s.server), ['a', 'b']);
});

test('coarse points stand at multiples of their step and skip what was not watched', () => {
  const coarse = coarsen(one(100, [1, 2, 3, null, 5, null, null, null]), 3);
  assert.equal(coarse.start, 99);
  assert.deepEqual(queriesOf(coarse), [1.5, 4, null]);
  assert.equal(endOf(coarse), 108);
});

test('merging coarse series window by window gives what the whole gives', () => {
  const values = Array.from({ length: 60 }, (_, i) => i * i);
  const whole = coarsen(one(99, values), 3);
  let held = coarsen(one(99, values.slice(0, 12)), 3);
  for (let end = 13; end <= 60; ++end) held = merge(held, one(99 + end - 12, values.slice(end - 12, end)), 0);
  assert.deepEqual(held, whole);
});

test('few points are kept however many servers there are', () => {
  assert.equal(coarseness(60, 1), 1);
  assert.equal(coarseness(300, 8), 1);
  assert.equal(coarseness(900, 8), 3);
  for (const servers of [1, 8, 50]) {
    const points = Math.ceil(900 / coarseness(900, servers)) * 2 * servers;
    assert.ok(points <= 6000, `${servers} servers, ${points} points`);
  }
});

test('the sum stops where a server has still to report, and does not wait for a silent one', () => {
  const series: RateSeries = {
    start: 0,
    step: 1,
    servers: [
      { server: 'a', queries: [1, 1, 1, 1], responses: [1, 1, 1, 1] },
      { server: 'b', queries: [2, 2, null, null], responses: [2, 2, null, null] },
      { server: 'c', queries: [null, null, null, null], responses: [null, null, null, null] },
    ],
  };
  assert.equal(reportedPoints(series), 2);
  assert.deepEqual(totals(series, 'queries'), [3, 3, null, null]);
  assert.equal(reportedPoints(series, 1), 4);
});
