import { useRef, useState } from 'preact/hooks';
import { asSent, inHeldOrder, type Keyed, type Shown } from '../state/order.ts';

/// Rows that keep their places while a pointer or the keyboard's focus is on them.
/// `of`: what the rows are about; those of another choice are never held.
/// Gives the rows, and the handlers for the element around them.
export function useHolding<Row extends Keyed>(rows: readonly Row[], of: string) {
  const [holding, hold] = useState(false);
  const shown = useRef<{ of: string; rows: Shown<Row>[] }>({ of: '', rows: [] });
  const held = shown.current;
  const now = holding && held.of === of && held.rows.length ? inHeldOrder(held.rows, rows) : asSent(rows);
  shown.current = { of, rows: now };
  const handlers = {
    onPointerEnter: (event: PointerEvent) => hold(event.pointerType !== 'touch'),
    onPointerLeave: () => hold(false),
    onFocusIn: (event: FocusEvent) => hold((event.target as Element).matches(':focus-visible') || holding),
    onFocusOut: (event: FocusEvent) => hold((event.currentTarget as Element).matches(':hover')),
  };
  return { rows: now, handlers };
}

/// What a view's rows are about.
export const aboutOf = (view: { span_minutes: number; server: string; group?: string } | null): string =>
  view ? JSON.stringify([view.span_minutes, view.server, view.group ?? '']) : '';
