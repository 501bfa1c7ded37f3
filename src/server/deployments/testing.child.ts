import { loopingTail } from './testing.js';
import { startTail } from './tail-process.js';

// A server that tries a network that does not end, to be killed by a test.

await startTail(loopingTail(1), 600_000, new AbortController().signal);
