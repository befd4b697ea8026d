// The whole page in a browser against the running program.
//   RATADNS, RATADNS_TRAFFIC   where the program and the generator are
//   RATADNS_MOCK=1             the made-up numbers of web/dev instead of the program
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { complaintsOf, launch } from './browser.mjs';
import { pcap } from './pcap.mjs';
import { startLive, startOnFile, synthetic, until } from './program.mjs';

const limit = { timeout: 120_000 };
const tops = ['top_names', 'top_clients', 'top_types'];
let browser;
let live;

before(async () => {
  browser = await launch();
  live = await startLive();
}, limit);

after(async () => {
  await browser?.close();
  await live?.stop();
}, limit);

/// A page at `url` for as long as `use` takes; afterwards it must have had nothing to complain of.
const withPage = async (url, use, options = {}) => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...options });
  const complaints = complaintsOf(page);
  try {
    await page.goto(url);
    await page.waitForSelector('[data-view=top_names] tr[data-key]', { timeout: 30_000 });
    await use(page);
    assert.deepEqual(complaints, []);
  } finally {
    await page.close();
  }
};

/// What a view on the page says, to the last digit, in the shape of the API's answer.
const shown = (page, view) =>
  page.evaluate((name) => {
    const section = document.querySelector(`[data-view=${name}]`);
    const head = { to: section.dataset.to, span_minutes: Number(section.dataset.span) };
    if (name === 'rates') {
      const stated = (figure) => Number(document.querySelector(`[data-figure=${figure}]`).dataset.stated);
      const servers = [...document.querySelectorAll('[data-server-row]')].map(({ dataset }) => ({
        server: dataset.serverRow,
        queries_per_second: Number(dataset.queries),
        responses_per_second: Number(dataset.responses),
      }));
      return { ...head, servers, total: { queries_per_second: stated('queries'), responses_per_second: stated('responses') } };
    }
    const rows = [...section.querySelectorAll('tr[data-key]')].map(({ dataset }) => ({
      key: dataset.key,
      queries: Number(dataset.queries),
      share: Number(dataset.share),
    }));
    const rest = Number(section.querySelector('tr[data-rest]')?.dataset.rest ?? 0);
    return { ...head, total: Number(section.dataset.total), distinct: Number(section.dataset.distinct), rows, rest };
  }, view);

const fetched = async (url, view, span) => {
  const answer = await (await fetch(`${url}api/v1/views/${view}?span=${span}`)).json();
  const head = { to: answer.to, span_minutes: answer.span_minutes };
  if (view === 'rates') return { ...head, servers: answer.servers, total: answer.total };
  const rows = answer.rows.map(({ key, queries, share }) => ({ key, queries, share }));
  return { ...head, total: answer.total, distinct: answer.distinct, rows, rest: answer.rest.queries };
};

/// Page and API are asked until the page shows a moment that the API has told of, be it a little
/// late; then they must say the same.
const sameAsApi = async (page, url, view, span) => {
  const told = new Map();
  let ours;
  await until(`${view} of one moment`, async () => {
    const answer = await fetched(url, view, span);
    told.set(answer.to, answer);
    ours = await shown(page, view);
    return ours.to !== '' && told.has(ours.to);
  });
  assert.deepEqual(ours, told.get(ours.to));
};

const dataOf = (page, view, name) => page.getAttribute(`[data-view=${view}]`, `data-${name}`);
const search = (page) => new URL(page.url()).searchParams;

test('the numbers on the page change by themselves', limit, () =>
  withPage(live.url, async (page) => {
    const first = await shown(page, 'top_names');
    await until('a later watermark', async () => (await dataOf(page, 'top_names', 'to')) !== first.to);
    await until('other counts', async () => (await shown(page, 'top_names')).total !== first.total);
    assert.equal(await page.getAttribute('.page', 'data-link'), 'open');
  }),
);

test('the numbers on the page are those of the API', limit, () =>
  withPage(live.url, async (page) => {
    for (const view of ['rates', ...tops]) await sameAsApi(page, live.url, view, 1);
  }),
);

test('the span is switched, stands in the address, and comes back with back and reload', limit, () =>
  withPage(live.url, async (page) => {
    const allOf = (span) =>
      until(`all views of ${span} min`, async () => {
        const spans = await Promise.all(['rates', ...tops].map((view) => dataOf(page, view, 'span')));
        return spans.every((text) => text === String(span));
      });
    await page.click('.spans [data-span="5"]');
    await allOf(5);
    assert.equal(search(page).get('span'), '5');
    await sameAsApi(page, live.url, 'top_types', 5);
    await page.goBack();
    await allOf(1);
    await page.goForward();
    await page.reload();
    await allOf(5);
    await page.keyboard.press('f');
    await allOf(15);
  }),
);

test('dark and light are switched, stand in the address, and last', limit, () =>
  withPage(
    live.url,
    async (page) => {
      const theme = () => page.getAttribute('html', 'data-theme');
      const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      assert.equal(await theme(), 'light');
      const light = await paper();
      await page.click('button.theme');
      assert.equal(await theme(), 'dark');
      assert.notEqual(await paper(), light);
      assert.equal(search(page).get('theme'), 'dark');
      await page.reload();
      assert.equal(await theme(), 'dark');
    },
    { colorScheme: 'light' },
  ),
);

test('frozen numbers stand still while counting goes on, and go live again', limit, () =>
  withPage(live.url, async (page) => {
    await page.keyboard.press('Space');
    await page.waitForSelector('[data-view=rates][data-frozen=true]');
    const held = await shown(page, 'top_names');
    await until('the program to go on', async () => (await fetched(live.url, 'top_names', 1)).to !== held.to);
    await page.waitForFunction(() => /frozen, \d/.test(document.querySelector('footer').textContent));
    assert.deepEqual(await shown(page, 'top_names'), held);
    assert.equal(search(page).get('frozen'), String(Math.floor(Number(await dataOf(page, 'rates', 'to')))));
    await page.keyboard.press('l');
    await until('later numbers', async () => (await dataOf(page, 'top_names', 'to')) !== held.to);
    assert.equal(search(page).get('frozen'), null);
  }),
);

test('a row opens on who is inside, and stands in the address', limit, () =>
  withPage(live.url, async (page) => {
    const key = await page.getAttribute('[data-view=top_types] tr[data-key]', 'data-key');
    await page.click(`[data-view=top_types] tr[data-key="${key}"] button`);
    await page.waitForSelector('[data-view=top_types] tr[data-part]');
    assert.equal(search(page).get('type'), key);
    await page.reload();
    await page.waitForSelector('[data-view=top_types] tr[data-part]');
  }),
);

test('rows keep their places while a pointer rests on them', limit, () =>
  withPage(live.url, async (page) => {
    const order = async () => (await shown(page, 'top_names')).rows.map((row) => row.key);
    await page.hover('[data-view=top_names] tr[data-key]');
    const held = await order();
    const { to } = await shown(page, 'top_names');
    await until('later numbers', async () => (await dataOf(page, 'top_names', 'to')) !== to);
    assert.deepEqual(await order(), held);
  }),
);

test('the page reconnects by itself after the program was gone', limit, async () => {
  let program = await startLive();
  const { port, url } = program;
  try {
    await withPage(url, async (page) => {
      await program.stop();
      await page.waitForSelector('.page[data-link=lost]', { timeout: 30_000 });
      await page.waitForSelector('[data-notice=lost]');
      const old = await shown(page, 'top_names');
      assert.ok(old.rows.length > 0, 'the last values stay');
      program = await until('the program on its old port', () => startLive(port).catch(() => null), 40_000);
      await page.waitForSelector('.page[data-link=open]', { timeout: 30_000 });
      await until('new numbers', async () => (await dataOf(page, 'top_names', 'to')) !== old.to, 30_000);
      assert.equal(await page.$('[data-notice=lost]'), null);
    });
  } finally {
    await program.stop();
  }
});

test('a hostile name is text, and an ended file is shown for what it is', limit, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ratadns-e2e-'));
  const file = join(folder, 'hostile.pcap');
  const hostile = ['<img src=x onerror=window.ran=1>', '<script>window.ran=1</script>', 'example'];
  const queries = Array.from({ length: 400 }, (_, i) => ({
    time_us: 1_700_000_000_000_000 + i * 25_000,
    client: `192.0.2.${1 + (i % 5)}`,
    labels: i % 4 ? hostile : ['www', 'example', 'cl'],
    qtype: i % 3 ? 1 : 28,
  }));
  await writeFile(file, pcap(queries));
  const program = await startOnFile(file);
  try {
    await withPage(program.url, async (page) => {
      await page.waitForSelector('.page[data-state=ended]', { timeout: 30_000 });
      for (const view of ['rates', ...tops]) await sameAsApi(page, program.url, view, 1);
      const notice = await page.textContent('[data-notice=ended]');
      assert.match(notice, synthetic ? /read to its end/ : /hostile\.pcap was read to its end: .*2023-11-14 22:13 UTC/);
      const key = synthetic ? '<img\\032src=x\\032onerror=alert(1)>.example.' : '<img\\032src=x\\032onerror=window\\046ran=1>.<script>window\\046ran=1</script>.example.';
      const row = page.locator('[data-view=top_names] tr[data-key]', { hasText: '<img' });
      assert.equal(await row.getAttribute('data-key'), key);
      if (!synthetic) assert.equal(await row.getAttribute('data-queries'), '300');
      await row.locator('button').click();
      await page.waitForSelector('[data-view=top_names] tr[data-part]');
      const inside = await page.evaluate(() => ({
        images: document.images.length,
        scripts: document.body.querySelectorAll('script').length,
        ran: 'ran' in window,
      }));
      assert.deepEqual(inside, { images: 0, scripts: 0, ran: false });
    });
  } finally {
    await program.stop();
    await rm(folder, { recursive: true });
  }
});

for (const width of [1440, 768, 390])
  test(`nothing sticks out sideways at ${width} pixels`, limit, () =>
    withPage(
      live.url,
      async (page) => {
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${over} pixels too wide`);
      },
      { viewport: { width, height: 844 } },
    ),
  );
