import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { reconnect } from '../state/feed.ts';
import { enter, signedIn } from '../state/session.ts';

interface Props {
  /// The status that came in place of what was asked for: 401 or 403.
  code: number;
  why: string;
}

/// What stands before any number. A token that was good until now is said not to be any more.
function reason({ code, why }: Props): string {
  if (code === 403) return `${why.charAt(0).toUpperCase()}${why.slice(1)}.`;
  return signedIn.value ? 'The session is over, or its token is not valid any more.' : '';
}

export function SignIn(props: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [trouble, tell] = useState('');
  const [busy, setBusy] = useState(false);
  useLayoutEffect(() => input.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const token = input.current?.value.trim() ?? '';
    if (busy || !token) return;
    setBusy(true);
    const said = await enter(token);
    setBusy(false);
    tell(said);
    if (said) input.current?.select();
    else reconnect();
  };
  const said = trouble || reason(props);
  return (
    <form class="sign-in" data-sign-in={props.code} onSubmit={submit}>
      <h2>Access token</h2>
      <p class="soft">
        Whoever runs {location.host} can give you one: it stands in an [[access]] of the configuration.
      </p>
      {/* What keeps passwords wants a name beside one. */}
      <input type="text" name="username" autocomplete="username" value="RaTA DNS" readOnly hidden />
      <div class="field">
        <input
          ref={input}
          type="password"
          name="token"
          autocomplete="current-password"
          aria-label="access token"
          aria-invalid={trouble !== ''}
          aria-describedby="sign-in-said"
          required
        />
        <button class="firm" disabled={busy}>
          {busy ? 'signing in' : 'sign in'}
        </button>
      </div>
      <p id="sign-in-said" class="said" role="alert">
        {said}
      </p>
    </form>
  );
}
