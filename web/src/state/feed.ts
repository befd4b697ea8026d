import { batch, effect, untracked } from '@preact/signals';
import type { Choice } from '../api/client.ts';
import { Live, type Sink } from '../api/live.ts';
import type { Status } from '../api/types.ts';
import { flush, forget, heard_ms, link, look, settleSpan, status, take } from './store.ts';

// A page nobody looks at lets go of its stream after this long; a glance at another tab does not.
const hidden_ms = 10_000;
// Windows that came very late are older than what events carry: now and then the whole series
// is asked for again.
const refill_ms = 60_000;

let frame = 0;
let pending: Status | null = null;
let filled_ms = 0;

/// At most one drawing a frame, and none while hidden: browsers give hidden pages no frames.
function draw(): void {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    batch(() => {
      if (pending) {
        status.value = pending;
        forget();
      }
      pending = null;
      flush();
    });
  });
}

const sink: Sink = {
  link: (now) => {
    link.value = now;
  },
  status: (now) => {
    pending = now;
    heard_ms.value = Date.now();
    draw();
  },
  view: (view, whole) => {
    heard_ms.value = Date.now();
    if (whole) filled_ms = Date.now();
    if (!take(view, whole) || (view.processor === 'rates' && Date.now() - filled_ms > refill_ms)) {
      filled_ms = Date.now();
      void live.fill();
    }
    draw();
  },
  settle: (now) => {
    const [first] = now.spans;
    if (first !== undefined && !now.spans.includes(look.value.span)) {
      // Not a new choice to connect for: this connection is about to ask for it.
      asked = choiceKey({ ...look.value, span: first });
      settleSpan(first);
    }
    const { span, server, group } = look.value;
    return { span, server, group };
  },
};

const choiceKey = ({ span, server, group }: Choice): string => JSON.stringify([span, server, group]);
let asked = '';
const live = new Live(sink);

/// Begins anew, for instance with an access token.
export const reconnect = (): void => live.start();

export function follow(): void {
  const begin = () => {
    asked = choiceKey(look.peek());
    live.start();
  };
  effect(() => {
    if (choiceKey(look.value) !== asked) untracked(begin);
  });
  let hiding: ReturnType<typeof setTimeout> | undefined;
  let let_go = false;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.hidden) {
      hiding = setTimeout(() => {
        let_go = true;
        live.stop();
      }, hidden_ms);
    } else if (let_go) {
      let_go = false;
      begin();
    }
  });
}
