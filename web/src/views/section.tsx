import type { ComponentChildren } from 'preact';
import type { OtherView } from '../api/types.ts';
import { title } from '../parts/words.ts';
import { closed, toggleClosed } from '../state/closed.ts';
import { isChosen } from '../state/store.ts';

interface Props {
  name: string;
  view: OtherView | null;
  /// What is counted, beside the title.
  about: string;
  /// Of a grid in it, which needs the width.
  columns?: number;
  children: ComponentChildren;
}

const widthFor = (columns: number): string => (columns > 8 ? ' whole-width' : columns > 2 ? ' broad' : '');

/// A view without a place of its own, which can be folded up.
export function Section({ name, view, about, columns = 0, children }: Props) {
  const open = !closed.value.has(name);
  return (
    <section
      class={`other${open ? widthFor(columns) : ''}${view && !isChosen(view) ? ' stale' : ''}`}
      data-view={name}
      data-kind={view?.kind ?? ''}
      data-to={view?.to ?? ''}
      data-span={view?.span_minutes ?? ''}
    >
      <h2>
        <button class="fold plain" aria-expanded={open} onClick={() => toggleClosed(name)}>
          <span class="fold-mark" aria-hidden="true" />
          <span class="fold-name">{title(name)}</span>
        </button>
        <span class="soft about">{about}</span>
      </h2>
      {open && children}
    </section>
  );
}
