/// The shapes of docs/api.md. Members are only ever added there, so unknown ones are ignored here.

/// Seconds since 1970 UTC in packet time, with nine decimals.
export type Time = string;

export type SourceState = 'waiting' | 'reading' | 'live' | 'ended' | 'failed';
/// `ahead`: its clock is. `past`: what comes is days old, a capture that is read.
export type ServerState = 'live' | 'late' | 'ahead' | 'past' | 'silent';
export type TrustLevel = 'green' | 'amber' | 'red';

export interface ServerStatus {
  server: string;
  last: Time | null;
  state: ServerState;
  /// These are told by an aggregator. Below 0: its clock is ahead.
  lag_seconds?: number;
  /// Windows that are not here (yet), though others before and after them are.
  missing_windows?: number;
  /// Frames, before and inside its monitors.
  kernel_lost?: number;
  queue_lost?: number;
  monitors?: MonitorStatus[];
}

export interface MonitorStatus {
  monitor: string;
  state: ServerState;
  lag_seconds: number;
  boot: string;
}

export interface Group {
  name: string;
  servers: string[];
}

/// What came in and where it went, by what is counted (frames, messages, ...): numbers, and
/// inside some of them the same by reason.
export type Account = Record<string, unknown>;
export type Balance = Record<string, Account>;

export interface Status {
  version: string;
  /// Absent: the program itself watches (run).
  role?: 'aggregator';
  source: string;
  state: SourceState;
  error: string;
  server: string;
  started: Time;
  watermark: Time | null;
  behind_seconds: number | null;
  spans: number[];
  views: string[];
  /// What kind each view is of: "rates", "table", "merged", or one that this page does not know.
  kinds?: Record<string, string>;
  groups?: Group[];
  servers: ServerStatus[];
  trust: { level: TrustLevel; reasons: string[] };
  balance?: Balance;
  malformed?: Record<string, number>;
}

interface ViewBase {
  processor: string;
  span_minutes: number;
  server: string;
  /// Instead of a server: the view adds up the servers of this group.
  group?: string;
  from: Time | null;
  to: Time | null;
}

export interface ServerSeries {
  server: string;
  queries: (number | null)[];
  responses: (number | null)[];
}

export interface RateSeries {
  start: number;
  step: number;
  servers: ServerSeries[];
}

export interface Rate {
  queries_per_second: number;
  responses_per_second: number;
}

export interface RatesView extends ViewBase {
  processor: 'rates';
  servers: (Rate & { server: string })[];
  total: Rate;
  series: RateSeries;
}

export interface Part {
  key: string;
  queries: number;
}

export interface Rest {
  keys: number;
  queries: number;
}

export interface TopRow {
  key: string;
  queries: number;
  share: number;
  parts: Part[];
  parts_rest: Rest;
}

export interface TopView extends ViewBase {
  processor: TopName;
  key: string;
  part: string;
  total: number;
  distinct: number;
  distinct_is_bound: boolean;
  rows: TopRow[];
  rest: Rest;
}

export interface CountPart {
  key: string;
  count: number;
}

export interface CountRest {
  keys: number;
  count: number;
}

/// `parts` and `parts_rest` are absent where there is one dimension only.
export interface CountRow {
  key: string;
  count: number;
  share: number;
  parts?: CountPart[];
  parts_rest?: CountRest;
}

/// Of any reducer that counts by one dimension or more.
export interface TableView extends ViewBase {
  kind: 'table';
  key: string;
  part?: string;
  total: number;
  distinct: number;
  distinct_is_bound: boolean;
  rows: CountRow[];
  rest: CountRest;
}

/// What the windows of any other reducer add up to, as schema/summary.schema.json describes it.
export interface MergedView extends ViewBase {
  kind: 'merged';
  packets: number;
  merge: unknown;
  data: unknown;
}

export const topNames = ['top_names', 'top_clients', 'top_types'] as const;
export type TopName = (typeof topNames)[number];
export type OtherView = TableView | MergedView;
export type View = RatesView | TopView | OtherView;

export const isTopName = (name: string): name is TopName => (topNames as readonly string[]).includes(name);
export const isRates = (view: View): view is RatesView => view.processor === 'rates';
export const isTop = (view: View): view is TopView => isTopName(view.processor);
