const first_ms = 500;
const limit_ms = 10_000;

/// How long to wait before try number `attempt` (0 is the first after a loss).
/// It doubles up to ten seconds; the random part keeps many pages from knocking together.
export function backoff_ms(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(limit_ms, first_ms * 2 ** Math.min(attempt, 16));
  return Math.round(full * (0.75 + 0.25 * random()));
}
