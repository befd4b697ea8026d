import type { Part, Rest } from '../api/types.ts';
import { exact, percent } from '../parts/format.ts';
import { typeClass } from '../parts/wire_text.tsx';

/// A share as a length: `most` is what fills it.
export function ShareBar({ share, most }: { share: number; most: number }) {
  const width = most > 0 ? Math.min(100, (100 * share) / most) : 0;
  return (
    <span class="bar" aria-hidden="true">
      <span style={{ width: `${width.toFixed(1)}%` }} />
    </span>
  );
}

interface Stack {
  parts: readonly Part[];
  rest: Rest;
}

/// Types side by side, each in its colour.
export function TypeStack({ parts, rest }: Stack) {
  const total = rest.queries + parts.reduce((sum, part) => sum + part.queries, 0);
  if (total === 0) return null;
  const tip = (name: string, queries: number) => `${name} ${percent((100 * queries) / total)} % (${exact(queries)})`;
  return (
    <span class="stack" aria-hidden="true">
      {parts.map((part) => (
        <span key={part.key} class={typeClass(part.key)} style={{ flexGrow: part.queries / total }} title={tip(part.key, part.queries)} />
      ))}
      {rest.queries > 0 && <span class="type type-other" style={{ flexGrow: rest.queries / total }} title={tip('others', rest.queries)} />}
    </span>
  );
}
