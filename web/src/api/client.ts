/// One answer of the program that was not 200, with the words it gave.
export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/// `server` and `group` exclude each other; both empty: all servers.
export interface Choice {
  span: number;
  server: string;
  group: string;
}

function query({ span, server, group }: Choice): string {
  const values = new URLSearchParams({ span: String(span) });
  if (server) values.set('server', server);
  else if (group) values.set('group', group);
  return values.toString();
}

export const liveUrl = (choice: Choice): string => `/api/v1/live?${query(choice)}`;
export const viewUrl = (name: string, choice: Choice): string =>
  `/api/v1/views/${encodeURIComponent(name)}?${query(choice)}`;
export const statusUrl = '/api/v1/status';

async function errorOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  return new ApiError(response.status, body.error ?? `${new URL(response.url).pathname}: ${response.status}`);
}

export async function getJson<T>(url: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(url, { signal, cache: 'no-store' });
  if (response.ok) return (await response.json()) as T;
  throw await errorOf(response);
}

const sessionUrl = '/api/v1/session';

/// Leaves the token with the program, which gives a cookie for it: an event stream can carry no
/// header. Errors: ApiError (401: not known; 429: too many tries), or that nobody answers.
export async function signIn(token: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(sessionUrl, { method: 'POST', headers, body: JSON.stringify({ token }) });
  if (!response.ok) throw await errorOf(response);
}

export async function signOut(): Promise<void> {
  const response = await fetch(sessionUrl, { method: 'DELETE' });
  if (!response.ok) throw await errorOf(response);
}
