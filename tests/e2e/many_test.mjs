// The page with many servers, any reducer, and a token at the door, in a browser. The numbers are
// those of web/dev: what is tested is the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { complaintsOf, launch } from './browser.mjs';
import { startScenario, until } from './program.mjs';

const limit = { timeout: 120_000 };
let browser;
const programs = {};

before(async () => {
  browser = await launch();
  for (const scenario of ['aggregator', 'fleet', 'changing']) programs[scenario] = await startScenario(scenario);
}, limit);

after(async () => {
  await browser?.close();
  await Promise.all(Object.values(programs).map((program) => program.stop()));
}, limit);

/// A page at `url` for as long as `use` takes; afterwards it must have had nothing to complain of.
const withPage = async (url, use, options = {}) => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...options });
  const complaints = complaintsOf(page);
  try {
    await page.goto(url);
    await page.waitForSelector('.page[data-link=open]', { timeout: 30_000 });
    await use(page);
    assert.deepEqual(complaints, []);
  } finally {
    await page.close();
  }
};

const search = (page) => new URL(page.url()).searchParams;
const texts = (page, selector) => page.locator(selector).allTextContents();
const ratesOf = (page, name) => page.waitForSelector(`[data-view=rates]${name}`);

test('among 200 servers one is found by typing, and stands in the address', limit, () =>
  withPage(programs.fleet.url, async (page) => {
    await page.keyboard.press('s');
    await page.waitForSelector('.popup input:focus');
    await page.keyboard.type('sin07');
    await until('one option', async () => (await page.locator('[role=option]').count()) === 1);
    await page.keyboard.press('Enter');
    await ratesOf(page, '[data-server="sin07.dns.example"]');
    assert.equal(search(page).get('server'), 'sin07.dns.example');
    assert.equal(await page.locator('.popup').count(), 0);
    await page.goBack();
    await ratesOf(page, '[data-server=""]');
  }),
);

test('a group is chosen with the arrows, and left with a key', limit, () =>
  withPage(programs.fleet.url, async (page) => {
    await page.click('button.scope');
    await page.waitForSelector('.popup input:focus');
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    await ratesOf(page, '[data-group=scl]');
    assert.equal(search(page).get('group'), 'scl');
    await page.waitForSelector('[data-view=top_names][data-group=scl]');
    assert.equal((await page.textContent('.census-line button')).trim(), 'all 40 servers');
    await page.reload();
    await ratesOf(page, '[data-group=scl]');
    await page.keyboard.press('a');
    await ratesOf(page, '[data-group=""]');
    assert.equal(search(page).get('group'), null);
  }),
);

test('Escape leaves the list without a choice, and the focus on its button', limit, () =>
  withPage(programs.fleet.url, async (page) => {
    await page.keyboard.press('s');
    await page.waitForSelector('.popup input:focus');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.popup', { state: 'detached' });
    await page.waitForSelector('button.scope:focus');
    assert.equal(search(page).get('server'), null);
  }),
);

test('of 200 servers the troubled ones stand first, and all are a press away', limit, () =>
  withPage(programs.fleet.url, async (page) => {
    const states = () => page.$$eval('[data-health]', (rows) => rows.map((row) => row.dataset.health));
    assert.deepEqual([...new Set(await states())], ['silent', 'late', 'ahead', 'past', 'live']);
    assert.equal(await page.locator('[data-server-row]').count(), 12);
    const words = (await texts(page, '.health-line')).join(' ');
    for (const said of [
      /silent for 3 min/,
      /late by 40 s/,
      /clock ahead by 12 s/,
      /replays the past/,
      /windows missing/,
    ])
      assert.match(words, said);
    await page.click('.census-line button');
    await until('all servers', async () => (await page.locator('[data-server-row]').count()) === 200);
  }),
);

test('a server that is looked at alone shows who watches it', limit, () =>
  withPage(`${programs.aggregator.url}?server=ns2.ams`, async (page) => {
    await page.waitForSelector('[data-monitor=m1]');
    await page.waitForSelector('[data-monitor=m2]');
  }),
);

test('every view of a known kind has a section, and unknown ones are passed over', limit, () =>
  withPage(programs.aggregator.url, async (page) => {
    const { views, kinds } = await (await fetch(`${programs.aggregator.url}api/v1/status`)).json();
    const own = ['rates', 'top_names', 'top_clients', 'top_types'];
    const wanted = views.filter((name) => !own.includes(name) && kinds[name] !== 'sonogram').sort();
    await until(
      'all sections',
      async () => (await page.locator('.other:not([data-kind=""])').count()) === wanted.length,
    );
    const shown = await page.$$eval('.other', (sections) => sections.map((section) => section.dataset.view));
    assert.deepEqual([...shown].sort(), wanted);
    assert.ok(wanted.length < views.length - own.length, 'one kind is unknown');
    assert.equal(await page.textContent('[data-view=NullPreR] .empty'), 'Nothing in this span.');
  }),
);

test('the numbers of a table are those of the API', limit, () =>
  withPage(programs.aggregator.url, async (page) => {
    const shown = () =>
      page.$eval('[data-view=response_codes]', (section) => ({
        to: section.dataset.to,
        rows: [...section.querySelectorAll('tr[data-key]')].map(({ dataset }) => [dataset.key, Number(dataset.count)]),
      }));
    const told = async () => {
      const { to, rows } = await (await fetch(`${programs.aggregator.url}api/v1/views/response_codes?span=1`)).json();
      return { to, rows: rows.map(({ key, count }) => [key, count]) };
    };
    const said = new Map();
    let ours;
    await until('one moment', async () => {
      const { to, rows } = await told();
      said.set(to, rows);
      ours = await shown();
      return said.has(ours.to);
    });
    assert.deepEqual(ours.rows, said.get(ours.to));
  }),
);

test('a row of a table opens on its parts, and stands in the address', limit, () =>
  withPage(programs.aggregator.url, async (page) => {
    await page.click('[data-view=response_codes] tr[data-key=NXDOMAIN] button');
    await page.waitForSelector('[data-view=response_codes] tr[data-part=tcp]');
    assert.equal(search(page).get('row.response_codes'), 'NXDOMAIN');
    await page.reload();
    await page.waitForSelector('[data-view=response_codes] tr[data-part=tcp]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('[data-view=response_codes] tr[data-part]', { state: 'detached' });
  }),
);

test('a section that is folded up stays so', limit, () =>
  withPage(programs.aggregator.url, async (page) => {
    await page.waitForSelector('[data-view=latency] table');
    await page.click('[data-view=latency] .fold');
    await page.waitForSelector('[data-view=latency] table', { state: 'detached' });
    await page.reload();
    await page.waitForSelector('[data-view=response_codes] tr[data-key]');
    assert.equal(await page.locator('[data-view=latency] table').count(), 0);
  }),
);

test('times are milliseconds, and what is estimated says how well', limit, () =>
  withPage(programs.aggregator.url, async (page) => {
    await page.waitForSelector('[data-view=latency] tr[data-key="udp NOERROR"]');
    const head = (await texts(page, '[data-view=latency] thead')).join(' ');
    for (const said of [/response time, ms/, /message size, octets/, /different QNAME/, /±1\.6 %/, /p50p90p99max/])
      assert.match(head, said);
    // 480 µs and a little: the synthetic ones.
    const cells = await texts(page, '[data-view=latency] tr[data-key="udp NOERROR"] td');
    assert.ok(
      cells.some((text) => /^0\.4\d\d$/.test(text)),
      cells.join(' | '),
    );
  }),
);

test('a view comes and goes while the page is open', limit, () =>
  withPage(programs.changing.url, async (page) => {
    for (const state of ['attached', 'detached', 'attached'])
      await page.waitForSelector('[data-view=tunnels] tr[data-key]', { state, timeout: 15_000 });
  }),
);

test('nothing is pushed about while numbers change', limit, () =>
  withPage(programs.aggregator.url, async (page) => {
    await page.waitForSelector('[data-view=tunnels] table');
    await page.evaluate(() => {
      window.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shift += entry.value;
      }).observe({ type: 'layout-shift' });
    });
    const to = () => page.getAttribute('[data-view=rates]', 'data-to');
    for (let i = 0; i < 4; ++i) {
      const last = await to();
      await until('later numbers', async () => (await to()) !== last);
    }
    assert.ok((await page.evaluate(() => window.shift)) < 0.01);
  }),
);

test('without a token nothing is shown, and with one all is', limit, async () => {
  const program = await startScenario('locked');
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  try {
    await page.goto(program.url);
    await page.waitForSelector('.sign-in input:focus');
    assert.equal(await page.locator('main').count(), 0);
    const enter = async (token) => {
      await page.fill('.sign-in [type=password]', token);
      await page.keyboard.press('Enter');
    };
    await enter('wrong');
    await page.waitForFunction(() => /not known/.test(document.querySelector('.said').textContent));
    // The fourth is one too many for the synthetic program.
    for (let i = 0; i < 3; ++i) {
      const answered = page.waitForResponse((response) => response.url().endsWith('/api/v1/session'));
      await enter(`wrong ${i}`);
      await answered;
      await page.waitForSelector('.sign-in button:not([disabled])');
    }
    await page.waitForFunction(() => /Too many/.test(document.querySelector('.said').textContent));
    await enter('open sesame');
    await page.waitForSelector('[data-view=top_names] tr[data-key]');
    await page.reload();
    await page.waitForSelector('[data-view=top_names] tr[data-key]');
    // A session may end without the page: the same form comes, and says so.
    await context.clearCookies();
    await page.reload();
    await page.waitForFunction(() => /session is over/.test(document.querySelector('.said')?.textContent ?? ''));
    await enter('open sesame');
    await page.click('.sign-out');
    await page.waitForSelector('.sign-in');
    assert.equal(await page.locator('.sign-out').count(), 0);
    assert.deepEqual(await context.cookies(), []);
  } finally {
    await context.close();
    await program.stop();
  }
});

for (const width of [1440, 768, 390])
  test(`with many servers and views nothing sticks out sideways at ${width} pixels`, limit, async () => {
    for (const { url } of [programs.fleet, programs.aggregator])
      await withPage(
        url,
        async (page) => {
          await page.waitForSelector('[data-view=tunnels] table');
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(over <= 0, `${over} pixels too wide`);
        },
        { viewport: { width, height: 844 } },
      );
  });
