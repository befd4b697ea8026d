import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsIn, found, leafOf, measures, treeOf, type Node } from '../src/state/merged.ts';

const quantiles = {
  count: 3,
  p50: 507,
  p90: 954,
  p99: 1556,
  max: 2324,
};
const leaf = (node: Node | undefined) => (node?.kind === 'leaf' ? node.leaf : undefined);

test('nothing is nothing, in whatever form it comes', () => {
  for (const data of [null, undefined, [], {}]) assert.deepEqual(found({ merge: 'sum', data }), { kind: 'nothing' });
});

test('rates are figures, and only numbers are', () => {
  assert.deepEqual(found({ merge: 'rate', data: { pps: 12.5, qps: 'many' } }), {
    kind: 'rates',
    figures: [{ name: 'pps', value: 12.5 }],
  });
});

test('measures are rows by the keys of all dimensions, the heaviest first, what was cut off last', () => {
  const grid = measures({
    tcp: { NOERROR: { count: 2, 'quantiles:response_time': quantiles } },
    udp: { NOERROR: { count: 9, 'quantiles:response_time': quantiles }, '-:SKIPPED:-': 3, '-:SKIPPED_SUM:-': 40 },
  });
  assert.deepEqual(grid.columns, ['count', 'quantiles:response_time']);
  assert.deepEqual(
    grid.rows.map(({ path, rest }) => [path, rest]),
    [
      [['udp', 'NOERROR'], undefined],
      [['tcp', 'NOERROR'], undefined],
      [['udp'], { keys: 3, count: 40 }],
    ],
  );
  assert.deepEqual(grid.rows[0]?.cells.get('quantiles:response_time'), {
    kind: 'quantiles',
    count: 3,
    p50: 507,
    p90: 954,
    p99: 1556,
    max: 2324,
  });
  assert.equal(columnsIn(grid), 5);
});

test('a key that is called like a measure is a key', () => {
  const grid = measures({ count: { count: 5 }, 'top:qname': { count: 4 } });
  assert.deepEqual(
    grid.rows.map(({ path }) => path),
    [['count'], ['top:qname']],
  );
});

test('measures without any dimension are one row', () => {
  assert.deepEqual(
    measures({ count: 5, octets: 7 }).rows.map(({ path }) => path),
    [[]],
  );
});

test('no two rows have one key', () => {
  const grid = measures({ 'a b': { c: { count: 1 } }, a: { 'b c': { count: 1 } } });
  assert.equal(new Set(grid.rows.map(({ key }) => key)).size, 2);
});

test('sketches are values, not branches', () => {
  const cases: [unknown, unknown][] = [
    [
      { estimate: 70 },
      { kind: 'distinct', estimate: 70 },
    ],
    // With what they are merged by.
    [
      { ...quantiles, buckets: [[79, 3]] },
      { kind: 'quantiles', ...quantiles },
    ],
    [
      { estimate: 7000, dense: 'A' },
      { kind: 'distinct', estimate: 7000 },
    ],
    [
      {
        error: 2,
        top: [
          ['a', 9],
          ['b', 4],
          ['c', 3],
          ['d', 1],
        ],
      },
      {
        kind: 'top',
        first: [
          ['a', 9],
          ['b', 4],
          ['c', 3],
        ],
        others: 1,
        error: 2,
      },
    ],
    [
      { error: 0, top: [] },
      { kind: 'top', first: [], others: 0, error: 0 },
    ],
    [7, { kind: 'number', value: 7 }],
    ['x', { kind: 'text', text: 'x' }],
    [true, { kind: 'text', text: 'yes' }],
    [null, { kind: 'text', text: '–' }],
    [[1, 2, 3, 4], { kind: 'list', first: ['1', '2', '3'], length: 4 }],
    [[['a', 9]], { kind: 'top', first: [['a', 9]], others: 0, error: 0 }],
    // An object that only looks like one a little.
    [{ estimate: 70, of: 'names' }, null],
    [{ ...quantiles, p95: 1 }, null],
    [{ count: 3, max: 7 }, null],
    [{ top: 3, error: 1 }, null],
  ];
  for (const [value, expected] of cases) assert.deepEqual(leafOf(value), expected, JSON.stringify(value));
});

test('long things of a list are shortened', () => {
  const list = leafOf([{ name: 'x'.repeat(200) }]);
  assert.ok(list?.kind === 'list' && (list.first[0]?.length ?? 0) <= 80);
});

test('maps of alike objects are one grid, however deep they lie', () => {
  const node = treeOf({
    suspects: {
      'example.': { '192.0.2.1': { queries: 3, names: { estimate: 2 }, example: 'a.example.' } },
    },
    unwatched: 0,
  });
  assert.ok(node.kind === 'branch');
  const [suspects, unwatched] = node.children;
  assert.ok(suspects?.node.kind === 'grid');
  assert.deepEqual(
    suspects.node.rows.map(({ path }) => path),
    [['example.', '192.0.2.1']],
  );
  // Words stand behind the numbers.
  assert.deepEqual(suspects.node.columns, ['names', 'queries', 'example']);
  assert.deepEqual(leaf(unwatched?.node), { kind: 'number', value: 0 });
});

test('objects that have little in common are a tree', () => {
  const node = treeOf({ all: { a: 1, b: 2 }, zones: { 'x.': { a: 1 } } });
  assert.ok(node.kind === 'branch');
  assert.deepEqual(
    node.children.map(({ key }) => key),
    ['all', 'zones'],
  );
  assert.equal(treeOf({ x: { a: 1, b: 1 }, y: { c: 1, d: 1 }, z: { e: 1, f: 1 } }).kind, 'branch');
});

test('many numbers are counts, the largest first; a few are a list as it came', () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, i]));
  const node = treeOf(many);
  assert.ok(node.kind === 'counts');
  assert.deepEqual(node.rows[0], { key: 'k29', count: 29 });
  assert.equal(node.rows.length, 30);
  assert.equal(treeOf({ b: 1, a: 2 }).kind, 'branch');
});

test('what a limit cut off of counts is their rest', () => {
  const node = treeOf({ a: 5, '-:SKIPPED:-': 2, '-:SKIPPED_SUM:-': 3 });
  assert.deepEqual(node, { kind: 'counts', rows: [{ key: 'a', count: 5 }], rest: { keys: 2, count: 3 } });
});

test('a tree has an end, however deep and wide it comes', () => {
  let deep: unknown = { x: 'y' };
  for (let i = 0; i < 5000; ++i) deep = { [`k${i}`]: deep, also: { '': [] } };
  const depthOf = (node: Node): number =>
    node.kind === 'branch' ? 1 + Math.max(0, ...node.children.map(({ node: below }) => depthOf(below))) : 0;
  assert.ok(depthOf(treeOf(deep)) < 20);
  const wide = treeOf(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, { a: { b: i }, c: [] }])));
  assert.ok(wide.kind === 'branch' && wide.children.length < 100 && wide.children.length + wide.more === 1000);
});

test('a top without a name for its keys is counts', () => {
  assert.deepEqual(
    found({
      merge: 'top',
      data: [
        ['a.', 9],
        ['b.', 4],
      ],
    }),
    {
      kind: 'counts',
      rows: [
        { key: 'a.', count: 9 },
        { key: 'b.', count: 4 },
      ],
      rest: { keys: 0, count: 0 },
    },
  );
});
