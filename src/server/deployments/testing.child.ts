import { loopingTail, talkingTail } from './testing.js';
import { startTail } from './tail-process.js';

// A server that tries a network of a test: one that does not end, to be killed, or with the argument "talking" one that does.

const network = process.argv[2] === 'talking' ? talkingTail() : loopingTail(1);
const { kill } = await startTail(network, 600_000, new AbortController().signal);
kill();
