import { connected, drawer, heard_ms, link, serverNames, status } from '../state/store.ts';
import { Figures } from './figures.tsx';
import { Header } from './header.tsx';
import { Help } from './help.tsx';
import { Notices } from './notices.tsx';
import { Others } from './others.tsx';
import { Rates, waiting } from './rates.tsx';
import { Servers } from './servers.tsx';
import { SignIn } from './sign_in.tsx';
import { TimeBar } from './time_bar.tsx';
import { TopTable } from './top_table.tsx';
import { Trust } from './trust.tsx';

/// The numbers, or what is in their way.
function Body() {
  const { value: now } = link;
  if (now.kind === 'locked') return <SignIn code={now.code} why={now.why} />;
  return (
    <main>
      <div class="wide">
        <Figures />
        <Rates />
        <div class="pair">
          <TopTable name="top_names" />
          <TopTable name="top_clients" />
        </div>
      </div>
      <div class={serverNames.value.length > 1 ? 'side' : 'side single'}>
        <Servers />
        <TopTable name="top_types" />
      </div>
      {status.value && !status.value.views.length && <p class="nothing-yet">{waiting()}</p>}
      <Others />
    </main>
  );
}

export function Page() {
  // A choice that was just made connects anew without a word; only a loss greys the numbers.
  const lost = !connected.value && link.value.kind === 'lost' && heard_ms.value > 0;
  const locked = link.value.kind === 'locked';
  return (
    <div class={`page${lost ? ' lost' : ''}`} data-link={link.value.kind} data-state={status.value?.state ?? ''}>
      <Header />
      {!locked && <Notices />}
      {drawer.value === 'help' && <Help />}
      {drawer.value === 'trust' && !locked && <Trust />}
      <Body />
      {!locked && <TimeBar />}
    </div>
  );
}
