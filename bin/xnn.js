#!/usr/bin/env node
// The commands are TypeScript, which Node reads through tsx.
import { register } from 'tsx/esm/api';

register();
// What cannot be printed is lost, be it that a disk is full or that nobody reads on.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') process.stderr.write(`The output cannot be written: ${error.message}\n`);
  process.exit(1);
});
const { xnn } = await import('../src/cli/xnn.ts');
process.exitCode = await xnn(process.argv.slice(2));
