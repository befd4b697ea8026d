import { clock, shortText } from '../parts/format.ts';

/// The next round number that leaves some air above `value`.
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const wanted = value * 1.05;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const factor = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10].find((f) => f * power >= wanted) ?? 10;
  return factor * power;
}

export const valueSplits = (top: number): number[] => [0, top / 2, top];
export const valueLabel = (value: number): string => (value === 0 ? '' : shortText(value).replace(/\.0+(?=\D|$)/, '').replace(/(\.\d*?)0+(?=\D|$)/, '$1'));

const steps_s = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];

/// Round times with room for a label each; none so near an end that its label would be cut.
export function timeSplits(from: number, to: number, width_px: number): number[] {
  const per_px = (to - from) / Math.max(1, width_px);
  const step = steps_s.find((s) => s >= 96 * per_px) ?? 86_400;
  const edge = 28 * per_px;
  const splits: number[] = [];
  for (let t = Math.ceil((from + edge) / step) * step; t <= to - edge; t += step) splits.push(t);
  return splits;
}

export const timeLabel = (seconds: number): string => (seconds % 60 === 0 ? clock(seconds).slice(0, 5) : clock(seconds));
