/// The shapes of docs/api.md. Members are only ever added there, so unknown ones are ignored here.

/// Seconds since 1970 UTC in packet time, with nine decimals.
export type Time = string;

export type SourceState = 'waiting' | 'reading' | 'live' | 'ended' | 'failed';
export type ServerState = 'live' | 'late' | 'silent';
export type TrustLevel = 'green' | 'amber' | 'red';

export interface ServerStatus {
  server: string;
  last: Time;
  state: ServerState;
}

/// What came in and where it went, by what is counted (frames, messages, ...): numbers, and
/// inside some of them the same by reason.
export type Account = Record<string, number | Record<string, number>>;
export type Balance = Record<string, Account>;

export interface Status {
  version: string;
  source: string;
  state: SourceState;
  error: string;
  server: string;
  started: Time;
  watermark: Time | null;
  behind_seconds: number | null;
  spans: number[];
  views: string[];
  servers: ServerStatus[];
  trust: { level: TrustLevel; reasons: string[] };
  balance: Balance;
  malformed: Record<string, number>;
}

interface ViewBase {
  processor: string;
  span_minutes: number;
  server: string;
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

export const topNames = ['top_names', 'top_clients', 'top_types'] as const;
export type TopName = (typeof topNames)[number];
export type View = RatesView | TopView;
