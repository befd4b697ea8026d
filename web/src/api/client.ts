/// One answer of the program that was not 200, with the words it gave.
export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export interface Choice {
  span: number;
  server: string;
}

function query({ span, server }: Choice): string {
  const values = new URLSearchParams({ span: String(span) });
  if (server) values.set('server', server);
  return values.toString();
}

export const liveUrl = (choice: Choice): string => `/api/v1/live?${query(choice)}`;
export const viewUrl = (name: string, choice: Choice): string => `/api/v1/views/${name}?${query(choice)}`;
export const statusUrl = '/api/v1/status';

export async function getJson<T>(url: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(url, { signal, cache: 'no-store' });
  if (response.ok) return (await response.json()) as T;
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  throw new ApiError(response.status, body.error ?? `${url}: ${response.status}`);
}
