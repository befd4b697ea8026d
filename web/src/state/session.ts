import { signal } from '@preact/signals';
import { ApiError, signIn, signOut } from '../api/client.ts';
import { recall, remember } from './memory.ts';

// No script can see the cookie itself.
const name = 'signed_in';

/// Whether this browser has signed in, and so has something to sign out of.
export const signedIn = signal(recall(name) !== '');

function mark(now: boolean): void {
  signedIn.value = now;
  remember(name, now ? 'yes' : '');
}

/// What to tell about a try that failed.
export function signInTrouble(error: unknown): string {
  if (!(error instanceof ApiError)) return `The program does not answer at ${location.host}. Try again in a moment.`;
  if (error.status === 401) return 'This token is not known here.';
  if (error.status === 429) return 'Too many wrong tokens came from this address. Try again in a few seconds.';
  return error.message;
}

/// "" when it worked, else what to tell.
export async function enter(token: string): Promise<string> {
  try {
    await signIn(token);
  } catch (error) {
    return signInTrouble(error);
  }
  mark(true);
  return '';
}

/// Ends the session, and lets go of all that the page holds.
export async function leave(): Promise<void> {
  try {
    await signOut();
  } catch {
    // Then the next request says how things are.
  }
  mark(false);
  location.reload();
}
