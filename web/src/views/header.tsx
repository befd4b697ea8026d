import type { TrustLevel } from '../api/types.ts';
import { leave, signedIn } from '../state/session.ts';
import { connected, drawer, link, setSpan, span, status, type Drawer } from '../state/store.ts';
import { isDark, toggleTheme } from '../state/theme.ts';
import { ScopeChoice } from './scope_choice.tsx';

const trustWords: Record<TrustLevel, string> = { green: 'complete', amber: 'dropped or late', red: 'incomplete' };

const toggle = (which: Drawer): void => {
  drawer.value = drawer.value === which ? '' : which;
};

function SpanChoice() {
  const spans = status.value?.spans ?? [span.value || 1];
  return (
    <span class="spans" role="group" aria-label="span in minutes">
      {spans.map((minutes) => (
        <button key={minutes} aria-pressed={minutes === span.value} data-span={minutes} onClick={() => setSpan(minutes)}>
          {minutes}
        </button>
      ))}
      <span class="label">min</span>
    </span>
  );
}

function TrustLight() {
  const known = connected.value ? status.value?.trust : undefined;
  const level = known?.level ?? 'unknown';
  return (
    <button
      class={`trust trust-${level}`}
      data-trust={level}
      aria-expanded={drawer.value === 'trust'}
      title={known?.reasons.join('\n') || 'whether the numbers can be trusted'}
      onClick={() => toggle('trust')}
    >
      <span class="light" aria-hidden="true" />
      <span class="trust-words">{known ? trustWords[known.level] : 'not known'}</span>
    </button>
  );
}

export function Header() {
  return (
    <header>
      <h1>
        RaTA <span>DNS</span>
      </h1>
      <div class="choices">
        {link.value.kind !== 'locked' && (
          <>
            <SpanChoice />
            <ScopeChoice />
          </>
        )}
      </div>
      <div class="tools">
        {link.value.kind !== 'locked' && <TrustLight />}
        <button class="quiet" aria-expanded={drawer.value === 'help'} title="help and keys (?)" aria-label="help" onClick={() => toggle('help')}>
          ?
        </button>
        {signedIn.value && link.value.kind !== 'locked' && (
          <button class="quiet sign-out" onClick={leave}>
            sign out
          </button>
        )}
        <button class="quiet theme" title="light or dark (t)" onClick={toggleTheme}>
          {isDark() ? 'light' : 'dark'}
        </button>
      </div>
    </header>
  );
}
