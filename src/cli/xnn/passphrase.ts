import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import { XnnError } from '../../core/errors.js';

export const PASSPHRASE_HELP = `  --passphrase-file FILE   a file whose first line is the passphrase; else the file that XNN_PASSPHRASE_FILE names; else
                           it is asked for, and not shown`;

export const PASSPHRASE_OPTION = { 'passphrase-file': { type: 'string' } } as const;

/**
 * The passphrase of a key file.
 *
 * @param file of the option; else that of the environment is taken
 * @param isNew whether it is asked for twice
 * @throws passphrase_missing, passphrase_differs
 */
export async function passphraseFrom(
  file = process.env['XNN_PASSPHRASE_FILE'],
  { isNew }: { readonly isNew: boolean },
): Promise<string> {
  if (file !== undefined && file !== '') return firstLine(file);
  if (!process.stdin.isTTY) throw new XnnError('passphrase_missing', 'there is no terminal to ask on');
  const passphrase = await ask('Passphrase: ', process.stdin, process.stderr);
  if (isNew && passphrase !== (await ask('Again: ', process.stdin, process.stderr))) {
    throw new XnnError('passphrase_differs');
  }
  return passphrase;
}

async function firstLine(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new XnnError('passphrase_missing', `${file} cannot be read`, { cause });
  });
  const line = text.split(/\r?\n/, 1)[0]!;
  if (line === '') throw new XnnError('passphrase_missing', `the first line of ${file} is empty`);
  return line;
}

/** Asks on a terminal without showing what is typed. @throws passphrase_missing if nothing is, or Ctrl-C or Ctrl-D */
export async function ask(question: string, input: Readable, output: Writable): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  output.write(question);
  try {
    const ended = new Promise<string>((resolve) =>
      lines.once('close', () => resolve('')).once('SIGINT', () => resolve('')),
    );
    const answer = await Promise.race([lines.question(''), ended]);
    if (answer === '') throw new XnnError('passphrase_missing', 'none was typed');
    return answer;
  } finally {
    lines.close();
    output.write('\n');
  }
}
