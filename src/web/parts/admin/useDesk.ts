import { useCallback, useEffect, useState } from 'react';
import type { Admin, Scope } from '../../../client/admin.js';
import { isErrorCode, XnnError, type ErrorCode } from '../../../client/messages.js';

/** What a section of the administration works with. One thing at a time. */
export interface Desk {
  readonly admin: Admin;
  readonly busy: boolean;
  readonly may: (scope: Scope) => boolean;
  /** Does something, and says so when it is done. What it throws is shown. */
  readonly run: (perform: (admin: Admin) => Promise<void>, done?: string) => void;
  /** Shows a secret, once. */
  readonly reveal: (secret: Secret) => void;
}

export interface Secret {
  readonly title: string;
  readonly text: string;
  readonly value: string;
}

/**
 * Something that is read when the section opens, and again when `look` is called.
 *
 * @param load one function for good: another would be read anew
 */
export function useLoaded<T>(
  { admin, run }: Desk,
  load: (admin: Admin) => Promise<T>,
): readonly [T | undefined, () => Promise<void>] {
  const [value, setValue] = useState<T>();
  const look = useCallback(async () => setValue(await load(admin)), [admin, load]);
  useEffect(() => run(look), [run, look]);
  return [value, look];
}

export function codeOf(error: unknown): ErrorCode {
  return error instanceof XnnError && isErrorCode(error.code) ? error.code : 'page_failed';
}

/** "2024-01-01 12:00", in UTC. */
export function dateOf(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
