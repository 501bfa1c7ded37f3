#!/usr/bin/env node
// The commands are TypeScript, which Node reads through tsx.
import { register } from 'tsx/esm/api';

register();
const { xnn } = await import('../src/cli/xnn.ts');
process.exitCode = await xnn(process.argv.slice(2));
