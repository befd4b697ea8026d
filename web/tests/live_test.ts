import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveUrl, viewUrl, type Choice } from '../src/api/client.ts';
import { Live, type Link } from '../src/api/live.ts';
import type { Status, View } from '../src/api/types.ts';

const everything: Choice = { span: 1, server: '', group: '' };

/// As a browser's, but its events come from the test.
class Stream extends EventTarget {
  static last: Stream | null = null;
  onopen: (() => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    super();
    Stream.last = this;
    this.addEventListener('error', (event) => this.onerror?.(event));
  }
  close() {
    this.closed = true;
  }
  send(name: string, data: unknown) {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

const status = (views: string[], more: object = {}) =>
  ({ views, spans: [1], servers: [{ server: 'ns1' }], ...more }) as unknown as Status;

interface Answer {
  code: number;
  body: unknown;
}

/// A connection to a program that answers as `answers` says, by path.
const connect = async (
  answers: Record<string, Answer>,
  choice: Choice,
  use: (live: Live, seen: Seen) => Promise<void>,
) => {
  const seen: Seen = { links: [], views: [], asked: [] };
  const before = { fetch: globalThis.fetch, EventSource: globalThis.EventSource };
  Stream.last = null;
  globalThis.EventSource = Stream as unknown as typeof EventSource;
  globalThis.fetch = (async (url: string) => {
    seen.asked.push(url);
    const { code, body } = answers[url.split('?')[0] as string] ?? { code: 404, body: { error: 'not here' } };
    return { ok: code === 200, status: code, url: `http://localhost${url}`, json: async () => body };
  }) as unknown as typeof fetch;
  const live = new Live({
    link: (link) => seen.links.push(link),
    status: () => {},
    view: (view) => seen.views.push(view),
    settle: () => choice,
  });
  try {
    live.start();
    await settled();
    await use(live, seen);
  } finally {
    live.stop();
    Object.assign(globalThis, before);
  }
};
interface Seen {
  links: Link[];
  views: View[];
  asked: string[];
}
/// All that is answered at once has been taken.
const settled = () => new Promise((done) => setImmediate(done));

const ok = (body: unknown): Answer => ({ code: 200, body });
const rates = { processor: 'rates' };

test('a choice is asked for by its server or its group', () => {
  assert.equal(liveUrl(everything), '/api/v1/live?span=1');
  assert.equal(liveUrl({ ...everything, group: 'a b' }), '/api/v1/live?span=1&group=a+b');
  assert.equal(viewUrl('a/b', { span: 5, server: 'ns1', group: 'x' }), '/api/v1/views/a%2Fb?span=5&server=ns1');
});

test('where a token is wanted, the page is locked and asks no more', async () => {
  for (const code of [401, 403])
    await connect(
      { '/api/v1/status': { code, body: { error: 'this needs a token' } } },
      everything,
      async (_, { links }) => {
        assert.deepEqual(links.at(-1), { kind: 'locked', code, why: 'this needs a token' });
        assert.equal(Stream.last, null);
      },
    );
});

test('a stream that fails leads to the same question', async () => {
  const answers: Record<string, Answer> = { '/api/v1/status': ok(status(['rates'])), '/api/v1/views/rates': ok(rates) };
  await connect(answers, everything, async (live, { links }) => {
    Stream.last?.onopen?.();
    assert.equal(links.at(-1)?.kind, 'open');
    answers['/api/v1/status'] = { code: 401, body: { error: 'this needs a token' } };
    Stream.last?.dispatchEvent(new Event('error'));
    assert.equal(links.at(-1)?.kind, 'lost');
    assert.equal(Stream.last?.closed, true);
    // In place of the wait.
    live.start();
    await settled();
    assert.equal(links.at(-1)?.kind, 'locked');
  });
});

test('too many tries, and no such server, are said and tried again', async () => {
  await connect({ '/api/v1/status': { code: 429, body: { error: 'slowly' } } }, everything, async (_, { links }) => {
    assert.deepEqual(links.at(-1), { kind: 'refused', why: 'slowly' });
  });
  const answers = { '/api/v1/status': ok(status([], { groups: [{ name: 'chile', servers: [] }] })) };
  for (const [choice, why] of [
    [{ ...everything, server: 'ns9' }, 'No server called ns9 was seen.'],
    [{ ...everything, group: 'peru' }, 'There is no group called peru.'],
  ] as const)
    await connect(answers, choice, async (_, { links }) => assert.deepEqual(links.at(-1), { kind: 'refused', why }));
  await connect(answers, { ...everything, group: 'chile' }, async () =>
    assert.equal(Stream.last?.url, '/api/v1/live?span=1&group=chile'),
  );
});

test('a view that appears is fetched once, and heard from then on', async () => {
  const table = { processor: 'rcodes', kind: 'table' };
  const answers = {
    '/api/v1/status': ok(status(['rates'])),
    '/api/v1/views/rates': ok(rates),
    '/api/v1/views/rcodes': ok(table),
  };
  await connect(answers, everything, async (_, { views, asked }) => {
    Stream.last?.send('status', status(['rates', 'rcodes']));
    Stream.last?.send('status', status(['rates', 'rcodes']));
    await settled();
    assert.equal(asked.filter((url) => url.startsWith('/api/v1/views/rcodes')).length, 1);
    Stream.last?.send('rcodes', { ...table, total: 7 });
    assert.deepEqual(views.slice(-2), [table, { ...table, total: 7 }]);
  });
});

test('a view that is called as what a stream says of itself does no harm', async () => {
  const answers = {
    '/api/v1/status': ok(status(['rates', 'error', 'status', 'open'])),
    '/api/v1/views/rates': ok(rates),
  };
  await connect(answers, everything, async (_, { links, views }) => {
    const before = views.length;
    Stream.last?.onopen?.();
    Stream.last?.send('error', { processor: 'error' });
    assert.equal(links.at(-1)?.kind, 'open');
    assert.equal(views.length, before);
  });
});
