import { XnnError } from '../../core/errors.js';

/** One command of xnn. */
export interface Command {
  readonly help: string;
  /** @param args what follows the command's name */
  run(args: string[]): Promise<void>;
}

/** @throws request_invalid if an option that must be there is not */
export function required(option: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new XnnError('request_invalid', `${option} is missing (see --help)`);
  return value;
}

/** Prints a result: as JSON, or a line for each entry, named as people would. */
export function print(result: object, lines: Readonly<Record<string, string | number>>, json: boolean): void {
  if (json) return console.log(JSON.stringify(result, null, 2));
  const width = Math.max(...Object.keys(lines).map((name) => name.length)) + 2;
  for (const [name, value] of Object.entries(lines)) console.log(`${name.padEnd(width)}${value}`);
}
