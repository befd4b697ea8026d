import { ApiError, getJson, liveUrl, statusUrl, viewUrl, type Choice } from './client.ts';
import { backoff_ms } from './backoff.ts';
import { topNames, type RatesView, type Status, type View } from './types.ts';

/// `refused`: the program answers, but not to this choice (it knows no such server or span).
/// `locked`: it wants an access token, or another one than it was given.
export type Link =
  | { kind: 'connecting' }
  | { kind: 'open' }
  | { kind: 'lost'; retry_at_ms: number }
  | { kind: 'refused'; why: string }
  | { kind: 'locked'; code: number; why: string };

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

// What an event stream says of itself: a view of such a name cannot be listened to.
const reserved = new Set(['status', 'open', 'error', 'message']);

/// Keeps one event stream open for a choice, for as long as it takes.
export class Live {
  private stream: EventSource | null = null;
  private requests = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private choice: Choice = { span: 0, server: '', group: '' };
  private filling = false;
  /// Views that the stream is listened to for.
  private heeded = new Set<string>();

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
      // Asking for a server that is not there would only be refused; it may come yet.
      const unknown = notThere(this.choice, status);
      if (unknown) return this.lose(unknown);
      // A plain request first: an event stream cannot tell why it was refused. The stream
      // itself begins with every view, so one is enough.
      const name = status.views.includes('rates') ? 'rates' : status.views[0];
      if (name) this.sink.view(await getJson<View>(viewUrl(name, this.choice), signal), true);
      if (signal.aborted) return;
      this.listen(status.views);
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    } finally {
      clearTimeout(give_up);
    }
  }

  private fail(error: unknown): void {
    if (!(error instanceof ApiError)) return this.lose();
    const { status: code, message } = error;
    if (code === 401 || code === 403) {
      this.stop();
      this.sink.link({ kind: 'locked', code, why: message });
    } else {
      this.lose(code === 404 || code === 429 ? message : undefined);
    }
  }

  private listen(views: readonly string[]): void {
    const stream = new EventSource(liveUrl(this.choice));
    this.stream = stream;
    this.heeded = new Set();
    stream.onopen = () => {
      this.attempt = 0;
      this.heard();
      this.sink.link({ kind: 'open' });
    };
    // An event that is called "error" is a view's, not an error.
    stream.onerror = (event) => event instanceof MessageEvent || this.lose();
    this.on(stream, 'status', (data) => {
      const status = JSON.parse(data) as Status;
      this.sink.status(status);
      for (const name of status.views) if (this.heed(name)) void this.fetchView(name);
    });
    for (const name of ['rates', ...topNames, ...views]) this.heed(name);
  }

  private on(stream: EventSource, name: string, take: (data: string) => void): void {
    stream.addEventListener(name, (event) => {
      this.heard();
      take((event as MessageEvent<string>).data);
    });
  }

  /// Listens for a view; false when that was so already, or cannot be.
  private heed(name: string): boolean {
    if (!this.stream || this.heeded.has(name) || reserved.has(name)) return false;
    this.heeded.add(name);
    this.on(this.stream, name, (data) => this.sink.view(JSON.parse(data) as View, false));
    return true;
  }

  /// Of a view that has just appeared, whose first event nobody heard.
  private async fetchView(name: string): Promise<void> {
    const { signal } = this.requests;
    try {
      const view = await getJson<View>(viewUrl(name, this.choice), signal);
      if (!signal.aborted) this.sink.view(view, true);
    } catch {
      // Gone again, or the connection is: the stream says so.
    }
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

/// What is wrong with a choice, "" when it can be asked for.
function notThere({ server, group }: Choice, status: Status): string {
  if (server && !status.servers.some((s) => s.server === server)) return `No server called ${server} was seen.`;
  if (group && !status.groups?.some((g) => g.name === group)) return `There is no group called ${group}.`;
  return '';
}
