// The list of recordings, the keys and the templates come back from what R2 has of them when their Durable Object is lost.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Runtime } from './runtime.ts';

const runtime = await Runtime.create();
after(() => runtime.remove());
process.env['LIVETAPE_EDGE'] = runtime.address;
process.env['LIVETAPE_API_KEY'] = runtime.apiKey;
const { apiKey, call, create, edge, putConfig, putEndless, recordSample } = await import('./edge.ts');
type Answer = import('./edge.ts').Answer;

/** So many recordings are more than are read back at once. */
const many = 120;
const page = 'https://school.example';

const admin = (method: string, path: string, body?: object): Promise<Answer> => call(method, `${edge}/v1/${path}`, { token: apiKey, ...(body && { body: JSON.stringify(body) }) });
const byTemplate = (template: string, origin: string): Promise<Answer> => call('POST', `${edge}/v1/recordings`, { headers: { Origin: origin }, body: JSON.stringify({ template }) });
const code = ({ status, body }: Answer): string => (body?.error ? `${status} ${body.error.code}` : String(status));

/** All pages of a list. */
async function listed(query: string): Promise<unknown[]> {
  const pages: unknown[] = [];
  let cursor = '';
  do {
    let answer = await admin('GET', `recordings?${query}${cursor && `&cursor=${cursor}`}`);
    // It is read back, in slices, when it is first asked for.
    while (code(answer) === '503 rebuilding') answer = await admin('GET', `recordings?${query}`);
    assert.equal(answer.status, 200);
    pages.push(answer.body);
    cursor = answer.body.cursor ?? '';
  } while (cursor);
  return pages;
}

/** What a key opens, on a page and elsewhere. */
async function powers(key: string): Promise<string[]> {
  const unknown = 'recordings/rec_0000000000000000000000';
  const wanted = [['POST', 'recordings', '{"colour": 1}'], ['GET', 'recordings?limit=1'], ['PATCH', unknown, '{}'], ['GET', 'keys']] as const;
  const told: string[] = [];
  for (const origin of [page, 'https://other.example']) {
    for (const [method, path, body] of wanted) told.push(code(await call(method, `${edge}/v1/${path}`, { token: key, headers: { Origin: origin }, ...(body && { body }) })));
  }
  return told;
}

/** All that the tenant tells. */
async function everything(keys: string[], templates: string[]): Promise<unknown> {
  const lists = [await listed('limit=1000'), await listed('limit=50'), await listed('limit=2&state=finished'), await listed('limit=2&review=pending'), await listed('search=derby')];
  const [allKeys, allTemplates] = [await admin('GET', 'keys'), await admin('GET', 'templates')];
  const each = await Promise.all(templates.map((id) => admin('GET', `templates/${id}`)));
  return { lists, keys: allKeys.body, templates: allTemplates.body, each: each.map((answer) => answer.body), powers: await Promise.all(keys.map(powers)) };
}

test('lists, keys and templates are the same when the tenant is lost', { timeout: 120_000 }, async () => {
  const scopes = [['record'], ['read'], ['manage', 'read'], ['admin']];
  const keys: string[] = [];
  for (const own of scopes) keys.push((await admin('POST', 'keys', { title: own.join(), scopes: own })).body.key);
  keys.push((await admin('POST', 'keys', { scopes: ['record', 'read', 'manage', 'admin'], origins: [page] })).body.key);
  const revoked = (await admin('POST', 'keys', { scopes: ['admin'] })).body;
  assert.equal((await admin('DELETE', `keys/${revoked.id}`)).status, 204);
  keys.push(revoked.key);
  const limited = (await admin('POST', 'templates', { title: 'hall', recordings: 3, origins: [page] })).body.id;
  const changed = (await admin('POST', 'templates', { minutes: 5, review: 'pending' })).body.id;
  for (const title of ['one', 'two', 'three']) await admin('PATCH', `templates/${changed}`, { title, minutes: null });
  const removed = (await admin('POST', 'templates', {})).body.id;
  await admin('DELETE', `templates/${removed}`);
  for (let made = 0; made < 2; made += 1) assert.equal((await byTemplate(limited, page)).status, 201);
  await byTemplate(changed, page);
  for (let made = 0; made < many; made += 1) await create({ title: `part ${made}` });
  await recordSample({ title: 'Derby', review: 'pending', access: 'token' });
  const growing = await create();
  await putConfig(growing);
  await putEndless(growing, 0);
  await admin('PATCH', `recordings/${growing.id}`, { title: 'derby, still on' });
  const deleted = await create({ title: 'derby, deleted' });
  await admin('DELETE', `recordings/${deleted.id}`);

  const all = [limited, changed, removed];
  const before = await everything(keys, all);
  const stored = runtime.stored('tenant/').map(({ key }) => key);
  assert.deepEqual([stored.filter((key) => key.includes('/key/')).length, stored.filter((key) => key.includes('/template/')).length], [keys.length - 1, 2]);
  await runtime.kill();
  await runtime.lose('Tenant');
  await runtime.start();
  assert.deepEqual(await everything(keys, all), before);
  assert.deepEqual([await byTemplate(limited, page), await byTemplate(limited, page), await byTemplate(limited, 'https://other.example'), await byTemplate(removed, page)].map(code),
    ['201', '403 limit_reached', '403 origin_not_allowed', '403 unknown_template'], 'those that were made are counted');

  // What was changed since is kept too.
  assert.equal((await admin('DELETE', `keys/${(await admin('GET', 'keys')).body.keys[0].id}`)).status, 204);
  const again = await everything(keys, all);
  await runtime.kill();
  await runtime.lose('Tenant');
  await runtime.start();
  assert.deepEqual(await everything(keys, all), again);
});

test('keys and templates of a version that kept them in the tenant alone are kept', { timeout: 60_000 }, async () => {
  const stored = runtime.stored('tenant/').map(({ key }) => key);
  assert.ok(stored.length > 4);
  await runtime.stop();
  runtime.alter('Tenant', 'rebuild', 'DROP TABLE rebuild; DROP TABLE due;');
  runtime.loseStored('tenant/');
  await runtime.start();
  assert.equal((await admin('GET', 'keys')).status, 200);
  assert.deepEqual(runtime.stored('tenant/').map(({ key }) => key), stored);
});
