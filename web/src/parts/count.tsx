import { useLayoutEffect, useRef } from 'preact/hooks';
import { exact, short } from './format.ts';

const calm = matchMedia('(prefers-reduced-motion: reduce)');

/// How strongly a change shows: a count that doubles is plain to see, the usual trickle hardly.
function strength(from: number, to: number): number {
  const part = Math.abs(to - from) / Math.max(1, Math.abs(from));
  return Math.min(0.5, 0.06 + part);
}

/// A count, cut to three digits, exact on hover. It flashes softly when it changes.
export function Count({ value, suffix = '' }: { value: number; suffix?: string }) {
  const element = useRef<HTMLSpanElement>(null);
  const before = useRef(value);
  useLayoutEffect(() => {
    const from = before.current;
    before.current = value;
    if (from === value || calm.matches) return;
    element.current?.animate([{ opacity: strength(from, value) }, { opacity: 0 }], {
      pseudoElement: '::before',
      duration: 900,
      easing: 'ease-out',
    });
  }, [value]);
  const { digits, unit } = short(value);
  return (
    <span class="count" ref={element} title={exact(value) + suffix}>
      {digits}
      <span class="unit">{unit}</span>
    </span>
  );
}
