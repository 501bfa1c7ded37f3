import { execFileSync } from 'node:child_process';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { XnnError } from '../core/errors.js';
import { BACKENDS, type Backend } from '../evaluation/task.js';
import { replaceFile, writing } from '../owner/files.js';

/** Runs a command; an error becomes its code and what to know of it on stderr, and exit status 1. */
export function runCommand(command: (args: string[]) => Promise<void>): void {
  command(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof XnnError ? error.message : error);
    process.exitCode = 1;
  });
}

/**
 * Where a result goes: a file, which is tried before any work is done, or stdout. What cannot be written in the end is printed, too.
 *
 * @throws file_unwritable
 */
export async function outputTo(file: string | undefined): Promise<(text: string) => Promise<void>> {
  const print = (text: string) => void process.stdout.write(text);
  if (file === undefined) return (text) => Promise.resolve(print(text));
  const aside = `${file}.new`;
  await writing(file, async () => {
    if ((await stat(file).catch(() => null))?.isDirectory()) throw new Error('it is a folder');
    await mkdir(dirname(file), { recursive: true });
    await (await open(aside, 'a')).close();
    await rm(aside);
  });
  return (text) =>
    replaceFile(file, text).catch((error: unknown) => {
      print(text);
      throw error;
    });
}

/** Prints how far a run is and how long it will take, on stderr: a bar on a terminal, else a line every ten seconds. */
export function progressOf(total: number): (done: number) => void {
  // The first image also waits for the browser to start, so time counts from there.
  let begun = 0;
  let printed = performance.now();
  return (done) => {
    const now = performance.now();
    if (done === 1) begun = now;
    const isTerminal = process.stderr.isTTY;
    if (done < total && (done === 1 || now - printed < (isTerminal ? 200 : 10_000))) return;
    printed = now;
    const left = Math.round((((now - begun) / Math.max(1, done - 1)) * (total - done)) / 1000);
    const line = `${done} of ${total} images, ${Math.floor(left / 60)} min ${left % 60} s left`;
    showProgress(done / total, line);
  };
}

/** Of text from elsewhere, as from a cloud or in a file's name, what a terminal would take for a command. */
const CONTROLS = /(?![\n\t])\p{Cc}/gu;

/** Text from elsewhere as it may be shown. */
export function printable(text: string): string {
  return text.replace(CONTROLS, '\ufffd');
}

/** Of the kinds of files that were left alone, how many are shown. */
const KINDS_SHOWN = 10;

/** Says on stderr how many files of each kind are no pictures of anybody's: else whole people would be missing unseen. */
export function tellLeftOut(leftOut: Readonly<Record<string, number>>): void {
  const kinds = Object.entries(leftOut).map(([kind, count]) => `${count} ${kind}`);
  if (kinds.length === 0) return;
  const more = kinds.length > KINDS_SHOWN ? `, and ${kinds.length - KINDS_SHOWN} other kinds` : '';
  console.error(printable(`Files that are not used: ${kinds.slice(0, KINDS_SHOWN).join(', ')}${more}`));
}

/** One line on stderr: behind a bar on a terminal, where the next one takes its place until all is done. */
export function showProgress(part: number, line: string): void {
  if (!process.stderr.isTTY) return void process.stderr.write(`${line}\n`);
  const bar = '█'.repeat(Math.round(24 * part)).padEnd(24, '░');
  process.stderr.write(`\r${bar} ${line}\x1b[K${part < 1 ? '' : '\n'}`);
}

/** @throws request_invalid if the value is none of the choices */
export function oneOf<T extends string>(option: string, choices: readonly T[], value: string): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new XnnError('request_invalid', `${option} is one of ${choices.join(', ')}`);
  return choice;
}

/** A number of an option that says how often. @throws request_invalid */
export function timesOf(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new XnnError('request_invalid', `${option} is a number from 1, not ${text}`);
  return Number(text);
}

export function backendOf(value: string): Backend {
  return oneOf('--backend', BACKENDS, value);
}

/** Options of a command line as node's parser gives them, its complaints in our words. @throws request_invalid */
export function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new XnnError('request_invalid', `${cause instanceof Error ? cause.message : String(cause)} (see --help)`, {
      cause,
    });
  }
}

/** Of the code that ran, with "-dirty" where files differ from it that are no rows; null outside a repository. */
export function commit(digits = 40): string | null {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const changed = git('diff', '--name-only', 'HEAD', '--', ':/', ':(top,exclude)*.jsonl');
    return git('rev-parse', `--short=${digits}`, 'HEAD') + (changed === '' ? '' : '-dirty');
  } catch {
    return null;
  }
}
