#!/usr/bin/env node
// The commands are TypeScript, which Node reads through tsx.
import { register } from 'tsx/esm/api';

register();
await import('../src/cli/xnn.ts');
