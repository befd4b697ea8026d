import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { stateWords } from '../state/health.ts';
import { matching, scopeKey, scopeLabel, scopes, step, type Scope } from '../state/scopes.ts';
import {
  drawer,
  group,
  groups,
  healthOf,
  scopesAreMany,
  server,
  serverNames,
  setGroup,
  setServer,
} from '../state/store.ts';
import { StateMark } from '../parts/state_mark.tsx';
import { several } from '../parts/words.ts';

const close = (): void => {
  if (drawer.value === 'scope') drawer.value = '';
};

function choose({ kind, name }: Scope): void {
  close();
  if (kind === 'group') setGroup(name);
  else setServer(name);
}

function isChosen({ kind, name }: Scope): boolean {
  if (kind === 'server') return server.value === name;
  return server.value === '' && group.value === name;
}

function Option({ scope, id, active }: { scope: Scope; id: string; active: boolean }) {
  const { health } = scope;
  const trouble = health && health.state !== 'live';
  return (
    <li
      id={id}
      role="option"
      aria-selected={isChosen(scope)}
      class={active ? 'active' : ''}
      data-scope={scopeKey(scope)}
      // Before the filter loses the focus, at which the list closes.
      onPointerDown={(event) => event.preventDefault()}
      onClick={() => choose(scope)}
    >
      <span class="option-name" title={scopeLabel(scope)}>
        {scopeLabel(scope)}
      </span>
      {scope.kind !== 'server' && <span class="small">{several(scope.size, 'server')}</span>}
      {trouble && (
        <span class={`health health-${health.state}`}>
          <StateMark state={health.state} />
          {stateWords(health.state, null)}
        </span>
      )}
    </li>
  );
}

const headings: Record<Scope['kind'], string> = { all: '', group: 'Groups', server: 'Servers' };

interface FilterProps {
  text: string;
  change: (text: string) => void;
  /// The option that Enter would take, -1: none.
  active: number;
  keys: Record<string, () => void>;
}

/// Has the focus for as long as the list is open.
function Filter({ text, change, active, keys }: FilterProps) {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    const act = keys[event.key];
    if (!act || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  return (
    <input
      ref={input}
      type="text"
      role="combobox"
      aria-expanded="true"
      aria-controls="scope-list"
      aria-activedescendant={active < 0 ? '' : `scope-${active}`}
      aria-label="find a group or server"
      placeholder="filter by name or state"
      autocomplete="off"
      spellcheck={false}
      value={text}
      onInput={(event) => change(event.currentTarget.value)}
      onKeyDown={onKeyDown}
      onBlur={close}
    />
  );
}

function Options({ found, active }: { found: readonly Scope[]; active: number }) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.querySelector('.active')?.scrollIntoView({ block: 'nearest' }), [active, found.length]);
  return (
    <ul id="scope-list" role="listbox" aria-label="servers" ref={list}>
      {found.map((scope, i) => [
        scope.kind !== found[i - 1]?.kind && headings[scope.kind] && groups.value.length > 0 && (
          <li key={headings[scope.kind]} role="presentation" class="heading">
            {headings[scope.kind]}
          </li>
        ),
        <Option key={scopeKey(scope)} scope={scope} id={`scope-${i}`} active={i === active} />,
      ])}
      {found.length === 0 && (
        <li role="presentation" class="heading">
          Nothing is called so.
        </li>
      )}
    </ul>
  );
}

/// What opens under the button.
function Popup() {
  const [text, setText] = useState('');
  const [at, setAt] = useState(-1);
  const chosen = { server: server.value, group: group.value };
  const found = matching(scopes(groups.value, serverNames.value, healthOf.value, chosen), text);
  const active = Math.min(at, found.length - 1);
  const keys = {
    ArrowDown: () => setAt(step(active, 1, found.length)),
    ArrowUp: () => setAt(step(active, -1, found.length)),
    Enter: () => {
      const scope = found[active];
      if (scope) choose(scope);
    },
    Escape: close,
  };
  const change = (now: string) => {
    setText(now);
    // What is found first need not be walked to.
    setAt(now ? 0 : -1);
  };
  return (
    <div class="popup">
      <Filter text={text} change={change} active={active} keys={keys} />
      <Options found={found} active={active} />
    </div>
  );
}

/// Which servers the numbers are of.
export function ScopeChoice() {
  const button = useRef<HTMLButtonElement>(null);
  const open = drawer.value === 'scope';
  const was_open = useRef(false);
  useEffect(() => {
    // The focus goes back where it came from, unless it went elsewhere by itself.
    if (was_open.current && !open && document.activeElement === document.body) button.current?.focus();
    was_open.current = open;
  }, [open]);
  const chosen = server.value || group.value;
  if (!scopesAreMany.value && !chosen) return null;
  return (
    <span class="scope-choice">
      <button
        ref={button}
        class="scope"
        aria-haspopup="listbox"
        aria-expanded={open}
        title="which servers (s)"
        // Else the press would take the focus from the filter, which closes, and then open it again.
        onPointerDown={(event) => open && event.preventDefault()}
        onClick={() => (drawer.value = open ? '' : 'scope')}
      >
        <span class="option-name">{chosen || 'all servers'}</span>
      </button>
      {chosen && (
        <button class="quiet" title="all servers (a)" aria-label="all servers" onClick={() => setServer('')}>
          ×
        </button>
      )}
      {open && <Popup />}
    </span>
  );
}
