import { connected, drawer, heard_ms, link, serverNames, status } from '../state/store.ts';
import { Figures } from './figures.tsx';
import { Header } from './header.tsx';
import { Help } from './help.tsx';
import { Notices } from './notices.tsx';
import { Rates } from './rates.tsx';
import { Servers } from './servers.tsx';
import { TimeBar } from './time_bar.tsx';
import { TopTable } from './top_table.tsx';
import { Trust } from './trust.tsx';

export function Page() {
  // A choice that was just made connects anew without a word; only a loss greys the numbers.
  const lost = !connected.value && link.value.kind === 'lost' && heard_ms.value > 0;
  return (
    <div class={`page${lost ? ' lost' : ''}`} data-link={link.value.kind} data-state={status.value?.state ?? ''}>
      <Header />
      <Notices />
      {drawer.value === 'help' && <Help />}
      {drawer.value === 'trust' && <Trust />}
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
      </main>
      <TimeBar />
    </div>
  );
}
