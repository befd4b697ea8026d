import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guessKind, isAddress, isName, keyColour } from '../src/parts/keys.ts';
import { heading, keyHeading, leafText, leafTitle, milliseconds, spelled, unitOf } from '../src/parts/measure.ts';
import { plain, several, title } from '../src/parts/words.ts';

const space = '\u202f';

test('names of the program are words', () => {
  const cases: [string, string][] = [
    ['response_codes', 'Response codes'],
    ['rcode_by_transport', 'RCODE by transport'],
    ['QueriesPerSecond', 'Queries per second'],
    ['TopKWithIP', 'Top K with IP'],
    ['tcp_octets', 'TCP octets'],
    ['x', 'X'],
    ['', ''],
  ];
  for (const [name, expected] of cases) assert.equal(title(name), expected);
  assert.equal(plain('edns_version'), 'EDNS version');
});

test('one is one, and more are more', () => {
  assert.equal(several(1, 'window'), '1 window');
  assert.equal(several(1204, 'window'), '1,204 windows');
  assert.equal(several(0, 'query', 'queries'), '0 queries');
});

test('a name says what its numbers are in', () => {
  const cases: [string, string][] = [
    ['quantiles:response_time', 'ms'],
    ['response_time', 'ms'],
    ['quantiles:message_size', 'octets'],
    ['octets', 'octets'],
    ['response_octets', 'octets'],
    ['distinct:message_size', ''],
    ['top:response_time:3', ''],
    ['count', ''],
    ['sizes_of_things', ''],
  ];
  for (const [name, unit] of cases) assert.equal(unitOf(name), unit, name);
});

test('microseconds are milliseconds with three digits', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [7, '0.007'],
    [507, '0.507'],
    [999.6, '1.00'],
    [1556, '1.56'],
    [9996, '10.0'],
    [12_340, '12.3'],
    [99_960, '100'],
    [1_204_000, '1,204'],
    [Number.NaN, '–'],
  ];
  for (const [us, text] of cases) assert.equal(milliseconds(us), text, String(us));
});

test('columns and keys are headed by what they hold', () => {
  assert.equal(heading('quantiles:response_time'), 'response time, ms');
  assert.equal(heading('quantiles:qname_length'), 'QNAME length');
  assert.equal(heading('distinct:qname'), 'different QNAME');
  assert.equal(heading('top:client:3'), 'top client');
  assert.equal(heading('count'), 'count');
  assert.equal(keyHeading('response_time'), 'response time, µs');
  assert.equal(keyHeading('message_size:128'), 'message size, octets');
  assert.equal(keyHeading('levels:2'), 'levels 2');
});

test('a leaf is told on one line, and to its last digit on hover', () => {
  assert.equal(leafText({ kind: 'distinct', estimate: 12_345 }, ''), `≈ 12.3${space}k ±1.6 %`);
  assert.equal(leafTitle({ kind: 'distinct', estimate: 12_345 }, ''), '12,345, standard error ±1.6 %');
  assert.equal(
    leafText(
      {
        kind: 'top',
        first: [
          ['a.', 9],
          ['b.', 4],
        ],
        others: 3,
        error: 0,
      },
      '',
    ),
    'a. 9, b. 4, 3 more',
  );
  assert.match(leafTitle({ kind: 'top', first: [['a.', 9]], others: 0, error: 2 }, ''), /up to 2 more/);
  assert.equal(leafText({ kind: 'list', first: ['x', 'y'], length: 1202 }, ''), 'x, y, 1,200 more');
  assert.equal(leafText({ kind: 'list', first: [], length: 0 }, ''), 'none');
  assert.equal(leafText({ kind: 'number', value: 1500 }, 'ms'), `1.50${space}ms`);
  assert.equal(
    leafText({ kind: 'quantiles', count: 4, p50: 500, p90: 1000, p99: 2000, max: 3000 }, 'ms'),
    `p50 0.500${space}ms, p90 1.00${space}ms, p99 2.00${space}ms, max 3.00${space}ms`,
  );
  assert.deepEqual(spelled(2041, 'octets'), { digits: '2.04', scale: 'k', exact: '2,041 octets' });
});

test('keys are shown as what their dimension says, else as what they look like', () => {
  assert.ok(isName('levels:2') && isName('qname') && !isName('rcode'));
  assert.ok(isAddress('client_prefix:24:48') && !isAddress('client_country'));
  assert.equal(keyColour('rcode', 'NXDOMAIN'), 'rcode-NXDOMAIN');
  assert.equal(keyColour('rcode', 'BADVERS'), 'rcode-other');
  assert.equal(keyColour('qtype', 'AAAA'), 'type-AAAA');
  assert.equal(keyColour('transport', 'udp'), '');
  const cases: [string, string][] = [
    ['www.example.', 'qname'],
    ['.', 'qname'],
    ['a\\.', ''],
    ['192.0.2.1', 'client'],
    ['192.0.2.0/24', 'client'],
    ['2001:db8::1', 'client'],
    ['::1', 'client'],
    ['2001:db8::/48', 'client'],
    ['udp', ''],
    ['100-999', ''],
    ['12:30', ''],
    ['abc', ''],
    ['1.2.3', ''],
  ];
  for (const [key, kind] of cases) assert.equal(guessKind(key), kind, key);
});
