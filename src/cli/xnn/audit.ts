import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { XnnError } from '../../core/errors.js';
import { allEntries } from '../../server/audit/audit.js';
import { linesOf } from '../../server/lines.js';
import { verifyAudit, type AuditEntry } from '../../wire/audit.js';
import { toHex } from '../../wire/hex.js';
import { parsed } from '../command.js';
import { tenantOf, withStore } from './admin.js';
import { print, required, type Command } from './command.js';

const string = { type: 'string' } as const;
const json = { type: 'boolean', default: false } as const;

export const AUDIT_EXPORT: Command = {
  help: `Prints a tenant's audit log, an entry a line as JSON, oldest first, after a line that names the tenant.

  xnn audit export --tenant NAME > FILE
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { tenant: string } }));
    await withStore(async (store) => {
      const { id } = await tenantOf(store, values.tenant);
      console.log(JSON.stringify({ tenant: toHex(id) }));
      for await (const entry of allEntries(store.audit, id)) console.log(JSON.stringify(entry));
    });
  },
};

export const AUDIT_VERIFY: Command = {
  help: `Follows the chain of hashes of an audit log. Entries cut off the end leave a chain that holds: compare the head with one that you
noted elsewhere, by hand or with --head.

  xnn audit verify --tenant NAME | --file FILE [--head HASH] [--json]

  --tenant NAME    in the database that the server's environment names; stop the server first if it is the embedded one
  --file FILE      an export
  --head HASH      64 hexadecimal digits: this entry must be in the log
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { tenant: string, file: string, head: string, json } }));
    if (values.tenant !== undefined && values.file !== undefined) {
      throw new XnnError('request_invalid', 'either --tenant or --file is needed, not both');
    }
    const head = values.head?.trim().toLowerCase();
    if (head !== undefined && !/^[0-9a-f]{64}$/.test(head)) {
      throw new XnnError('request_invalid', `--head is 64 hexadecimal digits, not ${head}`);
    }
    let seen = head === undefined;
    async function* watched(entries: AsyncIterable<AuditEntry>): AsyncGenerator<AuditEntry> {
      for await (const entry of entries) {
        seen ||= entry.hash === head;
        yield entry;
      }
    }
    const result =
      values.file === undefined
        ? await withStore(async (store) => {
            const { id } = await tenantOf(store, values.tenant);
            return verifyAudit(toHex(id), watched(allEntries(store.audit, id)));
          })
        : await verifyFile(required('--file', values.file), watched);
    if (!seen) throw new XnnError('audit_broken', 'the entry of --head is missing');
    print(result, { Entries: result.entries, Head: result.head, Chain: 'holds' }, values.json);
  },
};

async function verifyFile(file: string, watched: (entries: AsyncIterable<AuditEntry>) => AsyncGenerator<AuditEntry>) {
  const lines = linesOf(createReadStream(file, 'utf8') as AsyncIterable<string>);
  const first = await lines.next().catch((cause: unknown) => {
    throw new XnnError('request_invalid', `${file} cannot be read`, { cause });
  });
  async function* entries(): AsyncGenerator<AuditEntry> {
    for await (const line of lines) yield read(line) as unknown as AuditEntry;
  }
  const tenant = read(String(first.value))['tenant'];
  return verifyAudit(String(tenant), watched(entries()));
}

/** @throws audit_broken */
function read(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch (cause) {
    throw new XnnError('audit_broken', 'a line is no JSON', { cause });
  }
}
