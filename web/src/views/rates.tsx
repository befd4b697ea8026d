import { RateChart } from '../charts/rate_chart.tsx';
import { clock, shortText } from '../parts/format.ts';
import { times, totals } from '../state/series.ts';
import { aggregates, cursor_s, frozen, isChosen, link, rates, sourceName, status, switchedOn } from '../state/store.ts';

/// What the frame waits for, while there is nothing to draw.
export function waiting(): string {
  const now = status.value;
  if (link.value.kind === 'refused') return 'Nothing to show for this choice.';
  if (!now) return `Connecting to ${location.host}.`;
  if (aggregates.value) return 'Waiting for the first summaries of a monitor.';
  if (now.state === 'failed') return 'Nothing was read.';
  if (now.state === 'ended') return 'No DNS message was found.';
  return `Waiting for the first DNS messages from ${sourceName.value || 'the source'}.`;
}

function Title({ line }: { line: 'queries' | 'responses' }) {
  const view = rates.value;
  const at = cursor_s.value;
  let readout = '';
  if (at !== null && view) {
    const value = totals(view.series, line)[times(view.series).indexOf(at)];
    readout = value === null || value === undefined ? 'not reported' : `${shortText(value)}/s at ${clock(at)}`;
  }
  return (
    <h2>
      {line === 'queries' ? 'Queries' : 'Responses'} <span class="soft">per second</span>
      <span class="readout">{readout}</span>
    </h2>
  );
}

export function Rates() {
  if (!switchedOn.value.includes('rates')) return null;
  const view = rates.value;
  const empty = !view?.series.servers.length;
  return (
    <section
      class={`rates${empty ? ' idle' : ''}${view && !isChosen(view) ? ' stale' : ''}`}
      data-view="rates"
      data-to={view?.to ?? ''}
      data-span={view?.span_minutes ?? ''}
      data-server={view?.server ?? ''}
      data-group={view?.group ?? ''}
      data-frozen={frozen.value}
    >
      <Title line="queries" />
      <RateChart line="queries" />
      <Title line="responses" />
      <RateChart line="responses" />
      {empty && <p class="waiting">{waiting()}</p>}
    </section>
  );
}
