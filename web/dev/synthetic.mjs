// Made-up numbers in the shapes of docs/api.md, to work on the page without the program.
import { kindOf, otherView, otherViews } from './reducers.mjs';

/// Small, seeded, good enough for traffic that looks alive.
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

const junk = (next, length) =>
  Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[Math.floor(next() * 36)]).join('');

const plainNames = [
  'www.example.cl.',
  'api.example.com.',
  'xn--and-6ma2c.example.cl.',
  'ntp.example.net.',
  'cdn-17.static.assets.example.org.',
  'example.cl.',
  '_ldap._tcp.dc._msdcs.corp.example.com.',
  'mail.example.gob.cl.',
  '17.2.0.192.in-addr.arpa.',
  '.',
  '8.b.d.0.1.0.0.2.ip6.arpa.',
  'a\\000b\\.c.\\255\\255.example.net.',
  'img.example.co.uk.',
  'xn--fiqs8s.',
  'login.example.org.',
  '<img\\032src=x\\032onerror=alert(1)>.example.',
  'telemetry.eu-west-1.prod.internal.example.com.',
  'example.',
  'ns1.example.cl.',
  'mx.example.net.',
];
const typeNames = [
  'A',
  'AAAA',
  'HTTPS',
  'PTR',
  'MX',
  'TXT',
  'NS',
  'SOA',
  'SRV',
  'DS',
  'DNSKEY',
  'CNAME',
  'ANY',
  'TYPE65280',
];
const clientNames = [
  '192.0.2.17',
  '2001:db8:4f3a:1:e2d5:5eff:fe31:9a07',
  '198.51.100.4',
  '203.0.113.250',
  '2001:db8::53',
  '192.0.2.200',
  '198.51.100.77',
  '2001:db8:ffff:ffff:ffff:ffff:ffff:fffe',
  '203.0.113.9',
  '192.0.2.8',
  '192.0.2.9',
  '198.51.100.8',
  '203.0.113.77',
  '2001:db8:1::1',
  '192.0.2.1',
  '192.0.2.33',
  '198.51.100.90',
  '203.0.113.2',
  '2001:db8:2::2',
  '192.0.2.254',
];

export const scenarios = [
  'steady',
  'attack',
  'many',
  'late',
  'one',
  'empty',
  'ended',
  'failed',
  'views',
  'changing',
  'locked',
  'aggregator',
  'fleet',
  'nobody',
];
export const token = 'open sesame';

// Those in which an aggregator stands between: its servers have clocks, monitors and groups.
const aggregators = { aggregator: 3, fleet: 200, nobody: 0 };
const sites = ['scl', 'ams', 'sin', 'lax', 'jnb'];
const plainViews = ['rates', 'top_clients', 'top_names', 'top_types'];

/// How the i-th server of an aggregator stands: most of them well.
const healthOf = (i, count) => {
  if (count < 10)
    return i === 2
      ? { state: 'late', lag_seconds: 41.5, missing_windows: 12 }
      : { state: 'live', lag_seconds: 1.2 + i };
  if (i % 67 === 13) return { state: 'silent', lag_seconds: 190 };
  if (i % 53 === 7) return { state: 'late', lag_seconds: 40.4 };
  if (i % 71 === 31) return { state: 'ahead', lag_seconds: -12.2 };
  if (i % 97 === 50) return { state: 'past', lag_seconds: 4e6 };
  return {
    state: 'live',
    lag_seconds: 0.8 + (i % 5) / 2,
    ...(i % 41 === 3 ? { missing_windows: 3 + i } : {}),
    ...(i % 59 === 17 ? { kernel_lost: 1204 } : {}),
  };
};

/// A source of numbers: `tick()` closes one more window, the rest answers like the program.
export class Synthetic {
  constructor(scenario, start = Math.floor(Date.now() / 1000)) {
    this.scenario = scenario;
    this.next = random(7);
    this.started = start;
    this.now = start;
    const count = { many: 8, late: 3, attack: 2, empty: 0, failed: 0, ...aggregators }[scenario] ?? 1;
    const name = (i) =>
      count > 10
        ? `${sites[i % 5]}${String(Math.floor(i / 5) + 1).padStart(2, '0')}.dns.example`
        : `ns${i + 1}.${sites[i % 3]}`;
    this.servers = Array.from({ length: count }, (_, i) => name(i));
    this.aggregates = scenario in aggregators;
    this.groups = this.aggregates && count ? this.makeGroups() : [];
    this.windows = [];
    for (let i = 0; i < 960; ++i) this.tick();
    this.started = this.now;
  }

  makeGroups() {
    const of = (site) => this.servers.filter((server) => server.includes(site));
    return sites.map((site) => ({ name: site, servers: of(site) })).filter(({ servers }) => servers.length > 0);
  }

  views() {
    if (this.scenario === 'nobody') return [];
    if (this.scenario === 'changing') return Math.floor(this.now / 3) % 2 ? [...plainViews, 'tunnels'] : plainViews;
    return this.aggregates || this.scenario === 'views' ? [...otherViews, ...plainViews].sort() : plainViews;
  }

  tick() {
    if (this.scenario === 'ended' && this.windows.length >= 960) return;
    this.now += 1;
    const flood = this.scenario === 'attack' && this.now % 600 > 120 ? 6 : 1;
    const window = { end: this.now, rates: {} };
    this.servers.forEach((server, i) => {
      if (this.scenario === 'late' && i === 2 && this.windows.length > 880) return;
      if (this.scenario === 'fleet' && ['silent', 'past'].includes(healthOf(i, 200).state)) return;
      const base =
        this.scenario === 'one'
          ? 1
          : (2000 / (this.scenario === 'fleet' ? 1 + i / 20 : i + 1)) *
            (1 + 0.15 * Math.sin(this.now / 90 + i)) *
            flood;
      const queries = Math.round(base * (0.96 + 0.08 * this.next()));
      window.rates[server] = [queries, Math.round(queries * (flood > 1 ? 0.62 : 0.99))];
    });
    this.windows.push(window);
    if (this.windows.length > 960) this.windows.shift();
  }

  time(seconds) {
    return `${seconds}.000000000`;
  }

  status() {
    if (this.aggregates) return this.aggregatorStatus();
    const state = { empty: 'waiting', ended: 'ended', failed: 'failed' }[this.scenario] ?? 'live';
    const total = this.windows.length * 1998;
    const amber = this.scenario === 'attack' || this.scenario === 'late';
    return {
      version: '0.1.0',
      source: ['ended', 'failed'].includes(this.scenario) ? 'captures/x.pcap' : 'eth0',
      state,
      error: state === 'failed' ? 'x.pcap: not a capture file: the first four octets are 50 4b 03 04' : '',
      server: this.servers[0] ?? 'ns1',
      started: this.time(this.started),
      watermark: this.servers.length ? this.time(this.now) : null,
      behind_seconds: state === 'live' ? 0.4 : null,
      spans: [1, 5, 15],
      views: this.views(),
      kinds: this.kinds(),
      servers: this.servers.map((server, i) => {
        const last = this.windows.filter((w) => w.rates[server]).at(-1)?.end ?? this.now;
        return {
          server,
          last: this.time(last),
          state: this.scenario === 'late' && i === 2 ? (this.now - last > 60 ? 'silent' : 'late') : 'live',
        };
      }),
      trust: amber
        ? {
            level: 'amber',
            reasons: [this.scenario === 'late' ? 'ns3.sin is late' : '1,204 packets dropped: queue decode was full'],
          }
        : { level: 'green', reasons: [] },
      balance: {
        frames: { in: total, decoded: total - 10, filtered: 10, refused: 0, lost: 0 },
        messages: { in: total - 20, well_formed: total - 22, malformed: 2 },
        windows: { closed: this.windows.length, sent: this.windows.length, waiting: 0, dropped: 0 },
      },
      malformed: { short_header: 2, bad_pointer: 0 },
    };
  }

  kinds() {
    return Object.fromEntries(
      this.views().map((name) => [
        name,
        name === 'rates' ? 'rates' : plainViews.includes(name) ? 'table' : kindOf(name),
      ]),
    );
  }

  aggregatorStatus() {
    const servers = this.servers.map((server, i) => {
      const { state, lag_seconds, missing_windows = 0, kernel_lost = 0 } = healthOf(i, this.servers.length);
      const monitors = (i % 4 === 1 ? ['m1', 'm2'] : ['m1']).map((monitor) => ({
        monitor,
        state,
        lag_seconds,
        boot: `b${i}`,
        arrived: this.time(this.now),
        summaries: 9000,
      }));
      return {
        server,
        last: this.time(Math.round(this.now - lag_seconds)),
        state,
        lag_seconds,
        missing_windows,
        packets: 12_000,
        late_packets: 0,
        kernel_lost,
        queue_lost: 0,
        malformed: 3,
        monitors,
      };
    });
    const reasons = servers.flatMap(({ server, state, missing_windows, lag_seconds }) => [
      ...(missing_windows ? [`${server}: ${missing_windows} windows are missing`] : []),
      ...(state === 'late'
        ? [`${server} is late by ${Math.round(lag_seconds)} s: delayed on the way, or its clock is behind`]
        : []),
      ...(state === 'silent' ? [`${server} is silent`] : []),
    ]);
    return {
      version: '0.1.0',
      role: 'aggregator',
      source: `${servers.length} servers`,
      state: servers.length ? 'live' : 'waiting',
      error: '',
      server: 'hub',
      started: this.time(this.started),
      watermark: servers.length ? this.time(this.now) : null,
      behind_seconds: servers.length ? 1.4 : null,
      spans: [1, 5, 15],
      views: this.views(),
      kinds: this.kinds(),
      groups: this.groups,
      servers,
      trust: { level: reasons.length ? 'red' : 'green', reasons },
      balance: {
        summaries: { in: 81_000, committed: 80_990, repeated: 10, too_old: 0, refused: 0 },
        batches: { in: 2700, put_off: 0, unreadable: 0 },
        messages: { in: 0, unreadable: 0, lost: 0 },
        windows: { missing: 12 },
        history: { panes_written: 9120, panes_derived: 4400, pruned: 310, pruned_for_room: 0, octets: 48_300_032 },
      },
    };
  }

  frame(processor, span, server) {
    const group = server.startsWith('group ') ? server.slice(6) : '';
    if (group) return { ...this.frame(processor, span, ''), group };
    return {
      processor,
      span_minutes: span,
      server,
      from: this.servers.length ? this.time(this.now - span * 60) : null,
      to: this.servers.length ? this.time(this.now) : null,
    };
  }

  /// `server`: "" for all, a name, or "group NAME".
  names(server) {
    if (server.startsWith('group ')) return this.groups.find(({ name }) => `group ${name}` === server)?.servers ?? [];
    return server ? [server] : this.servers;
  }

  rates(span, server, newest = span * 60) {
    const spanned = this.windows.slice(-span * 60);
    const shown = spanned.slice(-newest);
    const mean = (name, i) => {
      const seen = spanned.filter((w) => w.rates[name]);
      return seen.length ? seen.reduce((sum, w) => sum + w.rates[name][i], 0) / seen.length : 0;
    };
    const servers = this.names(server).map((name) => ({
      server: name,
      queries_per_second: mean(name, 0),
      responses_per_second: mean(name, 1),
    }));
    const sum = (line) => servers.reduce((total, s) => total + s[line], 0);
    return {
      ...this.frame('rates', span, server),
      servers,
      total: { queries_per_second: sum('queries_per_second'), responses_per_second: sum('responses_per_second') },
      series: {
        start: this.now - shown.length,
        step: 1,
        servers: this.names(server).map((name) => ({
          server: name,
          queries: shown.map((w) => w.rates[name]?.[0] ?? null),
          responses: shown.map((w) => w.rates[name]?.[1] ?? null),
        })),
      },
    };
  }

  /// Shares `total` over keys by Zipf's law with a little noise; what is left is the rest.
  spread(keys, total, power) {
    const weights = keys.map((_, i) => (0.97 + 0.06 * this.next()) / (i + 1) ** power);
    const all = weights.reduce((a, b) => a + b, 0) * 1.4;
    return keys
      .map((key, i) => ({ key, queries: Math.floor((total * weights[i]) / all) }))
      .filter((p) => p.queries > 0)
      .sort((a, b) => b.queries - a.queries || (a.key < b.key ? -1 : 1));
  }

  total(span, server) {
    const names = this.names(server);
    return this.windows
      .slice(-span * 60)
      .reduce((sum, w) => sum + names.reduce((s, name) => s + (w.rates[name]?.[0] ?? 0), 0), 0);
  }

  top(processor, span, server) {
    const total = this.total(span, server);
    const attack = this.scenario === 'attack';
    const junkNext = random(this.now);
    const lists = {
      top_names: attack
        ? plainNames.map((name, i) => (i > 2 ? `${junk(junkNext, 40)}.${junk(junkNext, 63)}.dl.example.cl.` : name))
        : plainNames,
      top_types: typeNames,
      top_clients: clientNames,
    };
    const count = this.scenario === 'one' ? 1 : 20;
    const keys = lists[processor].slice(0, count);
    const parts = processor === 'top_clients' ? typeNames.slice(0, 6) : clientNames.slice(0, 5);
    const turn = (list, by) => list.map((_, i) => list[(i + by) % list.length]);
    const rows = this.spread(keys, total, attack && processor === 'top_names' ? 0.2 : 1).map((row) => {
      const inside = this.spread(turn(parts, row.key.length), row.queries, 1.3);
      const left = row.queries - inside.reduce((sum, p) => sum + p.queries, 0);
      return {
        ...row,
        share: (100 * row.queries) / total,
        parts: inside,
        parts_rest: { keys: left ? 12 : 0, queries: left },
      };
    });
    const left = total - rows.reduce((sum, row) => sum + row.queries, 0);
    const others = processor === 'top_types' ? 9 : attack ? 1_284_211 : 52_281;
    return {
      ...this.frame(processor, span, server),
      key: { top_names: 'qname', top_types: 'qtype', top_clients: 'client' }[processor],
      part: processor === 'top_clients' ? 'qtype' : 'client',
      total,
      distinct: rows.length + (left ? others : 0),
      distinct_is_bound: false,
      rows,
      rest: { keys: left ? others : 0, queries: left },
    };
  }

  /// One view; a tick's answer is made once, so that asking twice gives the same numbers.
  view(name, span, server, newest) {
    if (name === 'rates') return this.rates(span, server, newest);
    if (this.madeAt !== this.now) [this.madeAt, this.made] = [this.now, new Map()];
    const key = `${name} ${span} ${server}`;
    const make = () =>
      otherViews.includes(name)
        ? otherView(name, this.frame(name, span, server), this.total(span, server), this.next)
        : this.top(name, span, server);
    if (!this.made.has(key)) this.made.set(key, make());
    return this.made.get(key);
  }
}
