import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TrustLevel } from '../api/types.ts';
import { clock, dayMinute, duration } from '../parts/format.ts';
import {
  connected, drawer, group, heard_ms, link, seconds, server, setServer, shown_s, sourceName, span, status,
} from '../state/store.ts';

type Tone = 'plain' | 'amber' | 'red';

function Notice({ tone, kind, children }: { tone: Tone; kind: string; children: ComponentChildren }) {
  return (
    <p class={`notice notice-${tone}`} data-notice={kind} role={tone === 'red' ? 'alert' : 'status'}>
      <span class="light" aria-hidden="true" />
      <span>{children}</span>
    </p>
  );
}

/// Shown only while the connection is gone; counts the age of what is on the page.
function Lost({ retry_at_ms }: { retry_at_ms: number }) {
  const [now, tick] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && tick(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const wait_s = Math.ceil((retry_at_ms - now) / 1000);
  const next = wait_s > 1 ? `reconnecting in ${wait_s} s` : 'reconnecting';
  if (!heard_ms.value)
    return (
      <Notice tone="amber" kind="lost">
        The program does not answer at {location.host}: {next}.
      </Notice>
    );
  return (
    <Notice tone="amber" kind="lost">
      Connection lost: {next}. The values below are {duration((now - heard_ms.value) / 1000)} old
      {shown_s.value === null ? '' : `, of ${clock(shown_s.value)} UTC`}.
    </Notice>
  );
}

function Refused({ why }: { why: string }) {
  return (
    <Notice tone="amber" kind="refused">
      {why}{' '}
      {(server.value || group.value) && (
        <button class="link" onClick={() => setServer('')}>
          show all servers
        </button>
      )}
    </Notice>
  );
}

function sourceNotice() {
  const now = status.value;
  if (!now) return null;
  if (now.state === 'failed')
    return (
      <Notice tone="red" kind="failed">
        {sourceName.value} cannot be read{now.error ? `: ${now.error}` : ''}
      </Notice>
    );
  if (now.state !== 'ended') return null;
  const end = shown_s.value ?? seconds(now.watermark);
  const last = span.value === 1 ? 'its last minute' : `its last ${span.value} minutes`;
  return (
    <Notice tone="plain" kind="ended">
      {sourceName.value} was read to its end: {end === null ? 'there was no query in it' : `showing ${last}, ${dayMinute(end)}`}
    </Notice>
  );
}

// With many servers there may be as many reasons: the first say what it is about.
const reasons_shown = 3;

function TrustNotice({ level, reasons }: { level: TrustLevel; reasons: readonly string[] }) {
  if (level === 'green' || !reasons.length) return null;
  const more = reasons.length - reasons_shown;
  return (
    <Notice tone={level} kind="trust">
      {reasons.slice(0, reasons_shown).join(' · ')}
      {more > 0 && (
        <>
          {' · '}
          <button class="link" onClick={() => (drawer.value = drawer.value === 'trust' ? '' : 'trust')}>
            {more} more
          </button>
        </>
      )}
    </Notice>
  );
}

export function Notices() {
  const { value: now } = link;
  const trust = connected.value ? status.value?.trust : undefined;
  return (
    <div class="notices">
      {now.kind === 'lost' && <Lost retry_at_ms={now.retry_at_ms} />}
      {now.kind === 'refused' && <Refused why={now.why} />}
      {sourceNotice()}
      {trust && <TrustNotice level={trust.level} reasons={trust.reasons} />}
    </div>
  );
}
