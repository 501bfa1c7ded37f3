import { openEmbedded } from './drivers.js';
import { openStore } from './store.js';
import { MASTER, SERVED, serveChild } from './testing.js';

// A cloud to be killed by a test: `node --import tsx testing.child.ts FOLDER`.

const store = await openStore(await openEmbedded(process.argv[2]), MASTER);
await store.tenants.ensure(SERVED.tenant, 'test', true, { actor: 'test', at: new Date() });
serveChild(store);
