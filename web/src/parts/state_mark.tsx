// One shape a state, so that they are told apart without their colours.
const shapes: Record<string, string> = {
  live: 'M1 4a3 3 0 1 0 6 0a3 3 0 1 0-6 0z',
  late: 'M4 .5L7.5 7.5H.5z',
  ahead: 'M.5 .5L7.5 4L.5 7.5z',
  past: 'M7.5 .5L.5 4L7.5 7.5z',
  silent: 'M1.5 0L4 2.5L6.5 0L8 1.5L5.5 4L8 6.5L6.5 8L4 5.5L1.5 8L0 6.5L2.5 4L0 1.5z',
};

export function StateMark({ state }: { state: string }) {
  return (
    <svg class={`mark mark-${state}`} viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
      <path d={shapes[state] ?? 'M4 0L8 4L4 8L0 4z'} />
    </svg>
  );
}
