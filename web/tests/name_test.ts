import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels, punycode, splitName, splitTail, unicodeName } from '../src/parts/name.ts';

test('a dot that is escaped does not part labels', () => {
  assert.deepEqual(labels('www.example.cl.'), ['www', 'example', 'cl']);
  assert.deepEqual(labels('a\\.b.example.'), ['a\\.b', 'example']);
  assert.deepEqual(labels('a\\000b\\\\.example.'), ['a\\000b\\\\', 'example']);
  assert.deepEqual(labels('.'), []);
});

test('the registered part is told from what is under it', () => {
  const cases: [string, string, string][] = [
    ['www.example.cl.', 'www.', 'example.cl'],
    ['example.cl.', '', 'example.cl'],
    ['cl.', '', 'cl'],
    ['.', '', '.'],
    ['a.b.example.co.uk.', 'a.b.', 'example.co.uk'],
    ['mail.example.gob.cl.', 'mail.', 'example.gob.cl'],
    ['1.2.0.192.in-addr.arpa.', '1.2.0.192.', 'in-addr.arpa'],
    ['x\\.y.example.com.', 'x\\.y.', 'example.com'],
  ];
  for (const [name, under, registered] of cases) assert.deepEqual(splitName(name), { under, registered }, name);
});

test('a long text keeps its end, and no escape is parted', () => {
  assert.deepEqual(splitTail('short', 8), ['short', '']);
  assert.deepEqual(splitTail('abcdefghijklmnop', 4), ['abcdefghijkl', 'mnop']);
  const text = '\\000\\001ab\\.cd\\255\\254xyz\\032\\\\';
  for (let keep = 1; keep < 14; ++keep) {
    const [start, end] = splitTail(text, keep);
    assert.equal(start + end, text);
    assert.ok(end.length <= keep);
    for (const part of [start, end]) assert.match(part, /^(\\\d{3}|\\[^\d]|[^\\])*$/);
  }
});

test('encoded labels are decoded as RFC 3492 says', () => {
  const cases: [string, string | null][] = [
    ['and-6ma2c', 'ñandú'],
    ['fiqs8s', '中国'],
    ['mnchen-3ya', 'münchen'],
    ['ihqwcrb4cv8a8dqg056pqjye', '他们为什么不说中文'],
    ['!', null],
    ['99999999', null],
  ];
  for (const [encoded, decoded] of cases) assert.equal(punycode(encoded), decoded, encoded);
});

test('only names with encoded labels have another reading', () => {
  assert.equal(unicodeName('www.example.cl.'), null);
  assert.equal(unicodeName('xn--and-6ma2c.example.cl.'), 'ñandú.example.cl');
  assert.equal(unicodeName('xn--!.example.'), null);
});
