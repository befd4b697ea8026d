import { clock, day, duration } from '../parts/format.ts';
import { toggleFreeze } from '../state/keys.ts';
import {
  aggregates, connected, frozen, heard_ms, link, look, newest_s, shown_s, sourceName, span, status,
} from '../state/store.ts';

interface State {
  kind: string;
  words: string;
}

function state(): State {
  const now = status.value;
  const shown = shown_s.value;
  if (frozen.value) {
    const behind = shown !== null && newest_s.value !== null ? newest_s.value - shown : 0;
    return { kind: 'frozen', words: behind >= 1 ? `frozen, ${duration(behind)} behind` : 'frozen' };
  }
  if (link.value.kind === 'lost') return { kind: 'lost', words: heard_ms.value ? 'reconnecting' : 'connecting' };
  if (link.value.kind === 'locked') return { kind: 'waiting', words: 'not signed in' };
  if (link.value.kind === 'refused') return { kind: 'waiting', words: 'nothing to show' };
  if (!now || (!connected.value && shown === null)) return { kind: 'waiting', words: 'connecting' };
  const behind = now.behind_seconds ?? 0;
  switch (now.state) {
    case 'live':
      return { kind: 'live', words: behind > 5 ? `live, ${duration(behind)} behind` : 'live' };
    case 'waiting':
      return { kind: 'waiting', words: aggregates.value ? 'waiting for monitors' : 'waiting for messages' };
    default:
      return { kind: now.state, words: now.state };
  }
}

/// A link asks for a moment that may be gone: then it says which one it shows instead.
function otherMoment(): string {
  const { frozen: wanted } = look.value;
  const shown = shown_s.value;
  if (wanted === null || shown === null || Math.abs(Math.floor(shown) - wanted) <= 1) return '';
  return ` · the link is of ${day(wanted) === day(shown) ? '' : `${day(wanted)} `}${clock(wanted)}`;
}

export function TimeBar() {
  const { kind, words } = state();
  const to = shown_s.value;
  return (
    <footer data-shows={kind}>
      <button class="freeze" aria-pressed={frozen.value} disabled={to === null} onClick={toggleFreeze} title={frozen.value ? 'go on (l)' : 'freeze (Space)'}>
        {frozen.value ? 'go live' : 'freeze'}
      </button>
      <span class={`state state-${kind}`}>
        <span class="light" aria-hidden="true" />
        {words}
      </span>
      <span class="source" title={sourceName.value}>
        {sourceName.value}
      </span>
      <span class="range">
        {to !== null && (
          <>
            <span class="date">{day(to)} </span>
            {clock(to - span.value * 60)} – {clock(to)} UTC{otherMoment()}
          </>
        )}
      </span>
    </footer>
  );
}
