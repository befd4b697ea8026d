import { ApiError, getJson, liveUrl, statusUrl, viewUrl, type Choice } from './client.ts';
import { backoff_ms } from './backoff.ts';
import { topNames, type RatesView, type Status, type View } from './types.ts';

/// `refused`: the program answers, but not to this choice (it knows no such server or span).
export type Link =
  | { kind: 'connecting' }
  | { kind: 'open' }
  | { kind: 'lost'; retry_at_ms: number }
  | { kind: 'refused'; why: string };

export interface Sink {
  link(link: Link): void;
  status(status: Status): void;
  /// `whole`: the series covers the span and replaces what was held.
  view(view: View, whole: boolean): void;
  /// May change what the choice asks for, once it is known what there is.
  settle(status: Status): Choice;
}

// A status comes every second, so this much silence means that the connection is dead
// even where no error says so (a laptop that slept, a NAT that forgot).
const silence_ms = 20_000;
const request_ms = 10_000;

/// Keeps one event stream open for a choice, for as long as it takes.
export class Live {
  private stream: EventSource | null = null;
  private requests = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private choice: Choice = { span: 0, server: '' };
  private filling = false;

  constructor(private readonly sink: Sink) {}

  start(): void {
    this.stop();
    this.sink.link({ kind: 'connecting' });
    void this.connect();
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    this.requests.abort();
    this.requests = new AbortController();
    this.stream?.close();
    this.stream = null;
    this.filling = false;
  }

  /// Fetches the whole rates series: after a gap, or for a server not seen before.
  async fill(): Promise<void> {
    if (this.filling || !this.stream) return;
    this.filling = true;
    const { signal } = this.requests;
    try {
      const view = await getJson<RatesView>(viewUrl('rates', this.choice), signal);
      if (!signal.aborted) this.sink.view(view, true);
    } catch {
      // The stream says soon enough whether the program is gone.
    } finally {
      if (!signal.aborted) this.filling = false;
    }
  }

  private async connect(): Promise<void> {
    const { signal } = this.requests;
    const give_up = setTimeout(() => this.requests.signal === signal && this.lose(), request_ms);
    try {
      const status = await getJson<Status>(statusUrl, signal);
      if (signal.aborted) return;
      this.choice = this.sink.settle(status);
      this.sink.status(status);
      const { server } = this.choice;
      // Asking for a server that is not there would only be refused; it may come yet.
      if (server && !status.servers.some((s) => s.server === server)) return this.lose(`No server called ${server} was seen.`);
      // A plain request first: an event stream cannot tell why it was refused. The stream
      // itself begins with every view, so one is enough.
      const name = status.views.includes('rates') ? 'rates' : status.views[0];
      if (name) this.sink.view(await getJson<View>(viewUrl(name, this.choice), signal), true);
      if (signal.aborted) return;
      this.listen();
    } catch (error) {
      if (signal.aborted) return;
      this.lose(error instanceof ApiError && error.status === 404 ? error.message : undefined);
    } finally {
      clearTimeout(give_up);
    }
  }

  private listen(): void {
    const stream = new EventSource(liveUrl(this.choice));
    this.stream = stream;
    const on = (name: string, take: (data: string) => void) =>
      stream.addEventListener(name, (event) => {
        this.heard();
        take((event as MessageEvent<string>).data);
      });
    stream.onopen = () => {
      this.attempt = 0;
      this.heard();
      this.sink.link({ kind: 'open' });
    };
    stream.onerror = () => this.lose();
    on('status', (data) => this.sink.status(JSON.parse(data) as Status));
    for (const name of [...topNames, 'rates']) on(name, (data) => this.sink.view(JSON.parse(data) as View, false));
  }

  private heard(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.lose(), silence_ms);
  }

  private lose(refused?: string): void {
    this.stop();
    const delay_ms = backoff_ms(this.attempt++);
    this.sink.link(refused ? { kind: 'refused', why: refused } : { kind: 'lost', retry_at_ms: Date.now() + delay_ms });
    this.timer = setTimeout(() => void this.connect(), delay_ms);
  }
}
