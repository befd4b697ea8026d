import type { ComponentChildren } from 'preact';
import type { RatesView } from '../api/types.ts';
import { exact, percent, short, shortText, unanswered } from '../parts/format.ts';
import { reportedPoints, totals } from '../state/series.ts';
import { rates, span, status, switchedOn, tops } from '../state/store.ts';

interface FigureProps {
  name: string;
  label: string;
  value: number | null;
  text?: string;
  per?: string;
  /// What docs/api.md gives for this figure, to the last digit.
  stated: number | null;
  children?: ComponentChildren;
}

function Figure({ name, label, value, text, per = '', stated, children }: FigureProps) {
  const { digits, unit } = value === null ? { digits: '–', unit: '' } : text === undefined ? short(value) : { digits: text, unit: '' };
  return (
    <div class={`figure figure-${name}`} data-figure={name} data-stated={stated ?? ''}>
      <div class="label">{label}</div>
      <div class={value === null ? 'big none' : 'big'} title={value === null ? '' : `${exact(value)}${per}`}>
        {digits}
        {value !== null && (unit || per) && (
          <span class="unit">
            {unit}
            {per}
          </span>
        )}
      </div>
      <div class="small">{children || '\u00a0'}</div>
    </div>
  );
}

/// The rate in the newest window that all servers have reported. A file that ended has no now.
function now(view: RatesView | null, line: 'queries' | 'responses'): number | null {
  if (!view || status.value?.state === 'ended') return null;
  const reported = reportedPoints(view.series);
  return reported ? (totals(view.series, line)[reported - 1] ?? null) : null;
}

function Rate({ line }: { line: 'queries' | 'responses' }) {
  const view = rates.value;
  const mean = view && view.series.servers.length ? view.total[`${line}_per_second`] : null;
  const latest = now(view, line);
  const over = `over ${view?.span_minutes ?? span.value} min`;
  return (
    <Figure name={line} label={latest !== null ? `${line} now` : mean !== null ? `${line} ${over}` : line} value={latest ?? mean} per="/s" stated={mean}>
      {latest !== null && mean !== null && (
        <span title={`${exact(mean)}/s`}>
          {shortText(mean)}/s {over}
        </span>
      )}
    </Figure>
  );
}

function Unanswered() {
  const view = rates.value;
  const { queries_per_second: q, responses_per_second: r } = view?.total ?? { queries_per_second: 0, responses_per_second: 0 };
  const share = view?.series.servers.length ? unanswered(q, r) : null;
  return (
    <Figure name="unanswered" label="unanswered" value={share} text={percent(share ?? 0)} per=" %" stated={share}>
      {share !== null && `${shortText(Math.max(0, q - r))}/s in ${view?.span_minutes} min`}
    </Figure>
  );
}

function Distinct({ name, label }: { name: 'top_names' | 'top_clients'; label: string }) {
  const view = tops[name].value;
  const value = view?.to && view.total > 0 ? view.distinct : null;
  return (
    <Figure name={label} label={label} value={value} stated={value}>
      {value !== null && `${view?.distinct_is_bound ? 'at most, in' : 'different in'} ${view?.span_minutes} min`}
    </Figure>
  );
}

export function Figures() {
  const on = switchedOn.value;
  return (
    <section class="figures" aria-label="how much">
      {on.includes('rates') && (
        <>
          <Rate line="queries" />
          <Rate line="responses" />
          <Unanswered />
        </>
      )}
      {on.includes('top_names') && <Distinct name="top_names" label="names" />}
      {on.includes('top_clients') && <Distinct name="top_clients" label="clients" />}
    </section>
  );
}
