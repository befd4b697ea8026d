import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock, dayMinute, duration, exact, percent, short, shortText, unanswered } from '../src/parts/format.ts';
import { roundUp, timeSplits, valueLabel } from '../src/charts/axes.ts';

const space = '\u202f';

test('a number keeps three significant digits and takes a unit', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [7, '7'],
    [999, '999'],
    [1000, `1.00${space}k`],
    [2041, `2.04${space}k`],
    [12_345, `12.3${space}k`],
    [119_790, `120${space}k`],
    [1_284_211, `1.28${space}M`],
    // Rounding must not give four digits.
    [999.4, '999'],
    [999.7, `1.00${space}k`],
    [999_500, `1.00${space}M`],
    [9.996, '10.0'],
    [99.96, '100'],
    // Fractions.
    [0.5, '0.50'],
    [12.34, '12.3'],
    [0.004, '<0.01'],
    [-2041, `−2.04${space}k`],
    [Number.NaN, '–'],
  ];
  for (const [value, text] of cases) assert.equal(shortText(value), text, String(value));
  assert.deepEqual(short(2041), { digits: '2.04', unit: 'k' });
});

test('the exact number keeps all its digits', () => {
  assert.equal(exact(119_790), '119,790');
  assert.equal(exact(1996.5), '1,996.5');
});

test('a share has one decimal, and is not called nothing when it is little', () => {
  assert.deepEqual([0, 0.01, 0.05, 1.0017, 12.34, 99.94, 99.96, 100].map(percent), ['0', '<0.1', '0.1', '1.0', '12.3', '99.9', '100', '100']);
});

test('unanswered is never below none, and unknown without queries', () => {
  assert.equal(unanswered(100, 99), 1.0000000000000009);
  assert.equal(unanswered(100, 120), 0);
  assert.equal(unanswered(0, 5), null);
});

test('times are UTC', () => {
  assert.equal(clock(1_700_000_000), '22:13:20');
  assert.equal(dayMinute(1_700_000_000.9), '2023-11-14 22:13 UTC');
});

test('a length of time is told in its two largest units', () => {
  const cases: [number, string][] = [
    [4.4, '4 s'],
    [65, '1 min 5 s'],
    [120, '2 min'],
    [3000, '50 min'],
    [11_400, '3 h 10 min'],
    [200_000, '2 d 7 h'],
  ];
  for (const [seconds, text] of cases) assert.equal(duration(seconds), text);
});

test('axes end at round numbers above the data', () => {
  assert.deepEqual([0, 0.9, 1990, 5400, 96, 9900].map(roundUp), [1, 1, 2500, 6000, 120, 12_000]);
  assert.equal(valueLabel(2500), `2.5${space}k`);
  assert.equal(valueLabel(10_000), `10${space}k`);
  assert.equal(valueLabel(100), '100');
});

test('time labels are round, apart, and clear of the edges', () => {
  const splits = timeSplits(1_700_000_000, 1_700_000_060, 960);
  assert.ok(splits.length >= 4 && splits.length <= 10);
  for (const t of splits) assert.equal(t % 10, 0);
  assert.ok((splits[0] as number) > 1_700_000_001 && (splits[splits.length - 1] as number) < 1_700_000_059);
});
