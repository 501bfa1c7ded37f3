import type { Admin } from '../../../client/admin.js';
import { Section } from './Section.js';
import { useLoaded, type Desk } from './useDesk.js';

async function load(admin: Admin) {
  const [settings, service] = await Promise.all([admin.settings(), admin.service()]);
  const subjects = admin.scopes.has('subjects') ? (await admin.search({})).total : null;
  const keys = admin.scopes.has('keys') ? await admin.keys() : null;
  await admin.ready();
  const working = keys?.filter(({ revokedAt }) => revokedAt === null).length;
  return { settings, service, subjects, working };
}

export function Overview({ desk }: { desk: Desk }) {
  const [seen] = useLoaded(desk, load);
  if (seen === undefined) return <Section title="Overview">{null}</Section>;
  const { settings, service, subjects, working } = seen;
  const rows: readonly (readonly [string, string])[] = [
    ['Tenant', settings.name],
    ['Its id', settings.id],
    ['Server', 'ready: it reaches its database'],
    ['Network under noise', service.model],
    ['Network under keys', service.keyedModel],
    ['Faces are taken', settings.modes.map((mode) => (mode === 'keyed' ? 'under own keys' : 'under noise')).join(', ')],
    ['Without a key', settings.isPublic ? 'served, if it is the tenant of the page' : 'refused'],
    ...(subjects === null ? [] : [['Subjects', String(subjects)] as const]),
    ...(working === undefined ? [] : [['Keys that are not revoked', String(working)] as const]),
    ['This key may', [...desk.admin.scopes].join(', ')],
  ];
  return (
    <Section title="Overview">
      <dl className="key-facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
