// Made-up views of other reducers, in the shapes of docs/api.md and schema/summary.schema.json.

const rcodes = { NOERROR: 0.79, NXDOMAIN: 0.17, SERVFAIL: 0.025, REFUSED: 0.012, FORMERR: 0.002, BADVERS: 0.0003 };
const classes = {
  'non-auth-tld': 0.3,
  'funny-qtype': 0.2,
  '1918-ptr': 0.2,
  'a-for-a': 0.15,
  localhost: 0.1,
  'src-port-zero': 0.05,
};

const rowsOf = (shares, total, next, partsOf) =>
  Object.entries(shares)
    .map(([key, share]) => ({ key, count: Math.round(total * share * (0.96 + 0.08 * next())) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .map((row) => ({ ...row, share: (100 * row.count) / total, ...(partsOf ? partsOf(row) : {}) }));

const transports = ({ count }) => {
  const tcp = Math.floor(count / 40);
  const dot = Math.floor(count / 200);
  const parts = [
    { key: 'udp', count: count - tcp - dot },
    { key: 'tcp', count: tcp },
    { key: 'dot', count: dot },
  ];
  return { parts: parts.filter((part) => part.count > 0), parts_rest: { keys: 0, count: 0 } };
};

const table = (key, part, total, rows, rest = { keys: 0, count: 0 }) => ({
  kind: 'table',
  key,
  ...(part ? { part } : {}),
  total,
  distinct: rows.length + rest.keys,
  distinct_is_bound: rest.keys > 0,
  rows,
  rest,
});

const quantiles = (count, p50, next) => {
  const of = (factor) => Math.round(p50 * factor * (0.97 + 0.06 * next()));
  return {
    count,
    p50: of(1),
    p90: of(1.9),
    p99: of(3.2),
    max: of(6 + 40 * next()),
  };
};

const measured = (count, next, i) => ({
  count,
  octets: count * 247,
  'distinct:qname': { estimate: Math.round(count / 9) },
  'quantiles:response_time': quantiles(count, 480 * (i + 1), next),
  'quantiles:message_size': quantiles(count, 110 + 30 * i, next),
  'top:qname:3': {
    error: i,
    top: [
      ['www.example.cl.', 24],
      ['api.example.com.', 10],
      ['example.cl.', 10],
      ['ntp.example.net.', 2],
    ],
  },
});

const latency = (total, next) =>
  Object.fromEntries(
    ['udp', 'tcp'].map((transport, t) => [
      transport,
      {
        ...Object.fromEntries(
          Object.entries(rcodes)
            .slice(0, 4)
            .map(([rcode, share], i) => [rcode, measured(Math.ceil((total * share) / (1 + 39 * t)), next, i + t)]),
        ),
        '-:SKIPPED:-': 3,
        '-:SKIPPED_SUM:-': 12 + t,
      },
    ]),
  );

const merged = (packets, merge, data) => ({ kind: 'merged', packets, merge, data });

/// A script that finds nothing most of the time: suspects come and go.
const tunnels = (total, next) =>
  merged(
    total,
    { suspects: { '*': { '*': { queries: 'sum', names: 'distinct' } } }, unwatched: 'sum' },
    {
      suspects: {
        'dl.example.cl.': {
          '192.0.2.17': {
            queries: 1200,
            names: { estimate: 1187 },
            octets: 66_000,
            bits: 290_000.5,
            response_octets: 91_000,
            example: `${'a7f3'.repeat(12)}.dl.example.cl.`,
          },
          '2001:db8:4f3a:1:e2d5:5eff:fe31:9a07': {
            queries: 40 + Math.round(9 * next()),
            names: { estimate: 38 },
            octets: 2600,
            bits: 10_000,
            response_octets: 4000,
            example: 'q.dl.example.cl.',
          },
        },
        'cdn.example.net.': {
          '198.51.100.4': {
            queries: 31,
            names: { estimate: 31 },
            octets: 1700,
            bits: 7000,
            response_octets: 2000,
            example: 'z.cdn.example.net.',
          },
        },
      },
      unwatched: 17,
    },
  );

const zones = ['example.cl.', 'example.com.', 'example.net.', 'example.org.', 'xn--and-6ma2c.cl.', 'gob.cl.'];

const makers = {
  response_codes: (total, next) => table('rcode', 'transport', total, rowsOf(rcodes, total, next, transports)),
  query_classes: (total, next) =>
    table('classification', '', Math.round(total / 50), rowsOf(classes, Math.round(total / 50), next), {
      keys: 4,
      count: 11,
    }),
  message_size: (total, next) =>
    table(
      'message_size:128',
      '',
      total,
      rowsOf({ '0-127': 0.61, '128-255': 0.3, '256-383': 0.06, '384-511': 0.02, '1152-1279': 0.01 }, total, next),
    ),
  latency: (total, next) => merged(total, 'measures', latency(total, next)),
  PacketsQueriesAndAnswersPerSecond: (total, next) =>
    merged(total, 'rate', { aps: 1980.25 + next(), pps: 3977.75 + next(), qps: 1997.5 }),
  TopNQ: (total, next) =>
    merged(
      total,
      'top',
      zones.map((zone, i) => [`www.${zone}`, Math.round((total / (9 + i * i)) * (0.98 + 0.04 * next()))]),
    ),
  nxdomain_share: (total, next) =>
    merged(total, 'sum', {
      all: { nxdomain: Math.round(total * 0.17), responses: total },
      zones: Object.fromEntries(
        zones.map((zone, i) => [
          zone,
          { nxdomain: Math.round((40 * next()) / (i + 1)), responses: Math.round(total / (12 + i)) },
        ]),
      ),
    }),
  query_sizes: (total, next) =>
    merged(
      total,
      'sum',
      Object.fromEntries(
        ['tcp', 'udp'].map((t) => [
          t,
          Object.fromEntries(Array.from({ length: 40 }, (_, i) => [String(20 + i), Math.ceil(90 * next())])),
        ]),
      ),
    ),
  random_subdomains: (total) => merged(total, 'sum', { queries: total, unwatched: 0, victims: {} }),
  tunnels,
  AlonePackets: (total) =>
    merged(total, 'pair', {
      queries: 812,
      answers: 802,
      AloneQueries: [{ source: 'c6336401', dest: 'c0000235', id: '10bc' }],
      AloneAnswers: [],
    }),
  NullPreR: (total) => merged(total, 'none', null),
  of_the_future: () => ({ kind: 'sonogram', waves: [1, 2, 3] }),
};

export const otherViews = Object.keys(makers);
export const kindOf = (name) => makers[name](1000, () => 0.5).kind;

/// `frame`: the members that every view has; `total`: queries of the span.
export const otherView = (name, frame, total, next) => {
  const { kind, ...rest } = makers[name](total, next);
  const { processor, span_minutes, server, group, from, to } = frame;
  return { processor, kind, span_minutes, server, ...(group ? { group } : {}), from, to, ...rest };
};
