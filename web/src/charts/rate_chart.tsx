import { useEffect, useRef } from 'preact/hooks';
import { effect } from '@preact/signals';
import uPlot from 'uplot';
import type { RatesView } from '../api/types.ts';
import { times, totals } from '../state/series.ts';
import { appearance, onAppearance } from '../state/theme.ts';
import { cursor_s, highlighted, rates, seconds, serverColour, serverNames } from '../state/store.ts';
import { roundUp, timeLabel, timeSplits, valueLabel, valueSplits } from './axes.ts';

type Line = 'queries' | 'responses';

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const font = (): string => `${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;

function highest(view: RatesView): number {
  let most = 0;
  for (const line of ['queries', 'responses'] as const) for (const value of totals(view.series, line)) most = Math.max(most, value ?? 0);
  for (const s of view.series.servers) for (const value of [...s.queries, ...s.responses]) most = Math.max(most, value ?? 0);
  return roundUp(most);
}

/// One point alone makes no line: it is drawn as a dot.
const few = (u: uPlot, index: number): boolean => {
  let count = 0;
  for (const value of u.data[index] ?? []) if (value !== null && ++count > 2) return false;
  return true;
};

/// One line of the rates over time: every server, and all together behind them.
class Drawing {
  private plot: uPlot | null = null;
  private made = '';
  private top = 1;
  private from = 0;
  private to = 1;

  constructor(private readonly box: HTMLElement, private readonly line: Line) {}

  show(view: RatesView, appearance: string): void {
    const { series } = view;
    const end = seconds(view.to) ?? 1;
    this.from = end - view.span_minutes * 60;
    // A point stands at the start of its window, so the newest stands one step before the end.
    this.to = end - series.step;
    this.top = highest(view);
    const alone = series.servers.length === 1;
    const lined = series.servers.filter((s) => alone || serverColour(s.server) > 0);
    const names = lined.map((s) => s.server);
    const lines: (number | null)[][] = lined.map((s) => s[this.line]);
    // Behind the responses stand all queries, so that what is missing between them shows.
    const behind = this.line === 'responses' ? [totals(series, 'queries')] : [];
    const data = [times(series), ...behind, ...(alone ? [] : [totals(series, this.line)]), ...lines] as uPlot.AlignedData;
    const shape = `${appearance} ${alone} ${names.map((name) => `${name}:${serverColour(name)}`).join(' ')}`;
    if (shape !== this.made) {
      this.remove();
      this.plot = new uPlot(this.options(names, alone), data, this.box);
      this.made = shape;
    } else {
      this.plot?.setData(data);
    }
    this.emphasise(names);
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (this.plot && width && (this.plot.width !== width || this.plot.height !== height)) this.plot.setSize({ width, height });
  }

  remove(): void {
    this.plot?.destroy();
    this.plot = null;
    this.made = '';
  }

  private emphasise(names: readonly string[]): void {
    const { plot } = this;
    if (!plot) return;
    const first = plot.series.length - names.length;
    const wanted = names.includes(highlighted.value) ? highlighted.value : '';
    let changed = false;
    names.forEach((name, i) => {
      const series = plot.series[first + i];
      const alpha = wanted && wanted !== name ? 0.2 : 1;
      if (!series || series.alpha === alpha) return;
      series.alpha = alpha;
      changed = true;
    });
    if (changed) plot.redraw(false);
  }

  private options(names: readonly string[], alone: boolean): uPlot.Options {
    const grid = colour('--line');
    const label = colour('--ink-3');
    const base = { points: { show: few, size: 4 } };
    const all = (stroke: string, fill?: string): uPlot.Series => ({ ...base, stroke, width: 1, ...(fill ? { fill } : {}) });
    const own = names.map((name): uPlot.Series => {
      const stroke = colour(`--s${serverColour(name) || 1}`);
      return { ...base, stroke, width: 1.5, ...(alone ? { fill: colour('--fill') } : {}) };
    });
    const bottom = this.line === 'responses';
    return {
      width: this.box.clientWidth,
      height: this.box.clientHeight,
      padding: [16, 0, bottom ? 0 : 1, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: 'rates' } },
      scales: { x: { time: false, range: () => [this.from, this.to] }, y: { range: () => [0, this.top] } },
      axes: [
        {
          show: bottom,
          size: 24,
          gap: 4,
          stroke: label,
          font: font().replace(/^[\d.]+/, '12'),
          grid: { show: false },
          ticks: { stroke: grid, width: 1, size: 4 },
          splits: (u) => timeSplits(this.from, this.to, u.width),
          values: (_, splits) => splits.map(timeLabel),
        },
        { size: 0, grid: { stroke: grid, width: 1 }, ticks: { show: false }, splits: () => valueSplits(this.top), values: (_, s) => s.map(() => '') },
      ],
      series: [
        {},
        ...(bottom ? [all(colour('--ink-4'))] : []),
        ...(alone ? [] : [all(colour('--ink-4'), colour('--fill'))]),
        ...own,
      ],
      hooks: { draw: [(u) => this.labels(u, label)], setCursor: [(u) => this.point(u)] },
    };
  }

  /// The labels stand on their lines, so that the plot keeps the left edge of the text above it.
  private labels(u: uPlot, ink: string): void {
    const { ctx } = u;
    ctx.save();
    ctx.font = font();
    ctx.fillStyle = ink;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'bottom';
    ctx.strokeStyle = colour('--paper');
    ctx.lineWidth = 3 * devicePixelRatio;
    ctx.lineJoin = 'round';
    for (const value of valueSplits(this.top)) {
      const y = u.valToPos(value, 'y', true) - 2 * devicePixelRatio;
      // A line may pass behind: a rim of paper keeps the label legible.
      ctx.globalAlpha = 0.6;
      ctx.strokeText(valueLabel(value), u.bbox.left, y);
      ctx.globalAlpha = 1;
      ctx.fillText(valueLabel(value), u.bbox.left, y);
    }
    ctx.restore();
  }

  private point(u: uPlot): void {
    const { idx } = u.cursor;
    const over = (u.cursor.left ?? -1) >= 0 && idx !== null && idx !== undefined;
    cursor_s.value = over ? (u.data[0][idx] ?? null) : null;
  }
}

export function RateChart({ line }: { line: Line }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const drawing = new Drawing(element, line);
    const draw = () => (rates.value?.series.servers.length ? drawing.show(rates.value, appearance()) : drawing.remove());
    const stop = effect(() => {
      void serverNames.value;
      void highlighted.value;
      draw();
    });
    const observer = new ResizeObserver(() => drawing.resize());
    observer.observe(element);
    const deaf = onAppearance(draw);
    return () => {
      stop();
      observer.disconnect();
      deaf();
      drawing.remove();
    };
  }, [line]);
  return <div class={`chart chart-${line}`} ref={box} role="img" aria-label={`${line} per second over time`} />;
}
