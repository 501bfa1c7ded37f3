import { takeLock } from './lock.js';

// Takes a lock each time it is told to, and keeps it.
process.on('message', () => {
  void takeLock(process.argv[2]!).then((lock) => process.send!('release' in lock ? 'held' : 'refused'));
});
process.send!('ready');
