import { signal } from '@preact/signals';

const query = matchMedia('(max-width: 599px)');

/// A phone held upright: tables have two columns, and a tap for the rest.
export const narrow = signal(query.matches);
query.addEventListener('change', () => {
  narrow.value = query.matches;
});
