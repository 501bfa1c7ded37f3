import { openStore } from './store.js';
import { MASTER, openAt, SERVED, serveChild } from './testing.js';

// A cloud to be killed by a test: `node --import tsx testing.child.ts FOLDER|DATABASE_URL`.

const store = await openStore(await openAt(process.argv[2]!), MASTER);
await store.tenants.ensure(SERVED.tenant, 'test', true, { actor: 'test', at: new Date() });
serveChild(store);
