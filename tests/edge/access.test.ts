// API keys with scopes, templates with limits, and what each route asks for.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { apiKey, call, create, edge, fragment, putConfig, putFragment, putObject, recordSample, type Answer, type Recording } from './edge.ts';

const scopes = ['record', 'read', 'manage', 'admin'] as const;
type Scope = (typeof scopes)[number];

const post = (path: string, body: object, token: string | undefined = apiKey): Promise<Answer> =>
  call('POST', `${edge}/v1/${path}`, { ...(token === undefined ? {} : { token }), body: JSON.stringify(body) });
const newKey = async (...wanted: Scope[]): Promise<{ id: string; key: string }> => {
  const made = await post('keys', { title: wanted.join(' and '), scopes: wanted });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body;
};
const refused = (answer: Answer, status: number, code: string, at = ''): void => assert.deepEqual([answer.status, answer.body?.error?.code], [status, code], at);

let keys: Record<Scope, string>;
let recording: Recording;

before(async () => {
  recording = await recordSample();
  keys = Object.fromEntries(await Promise.all(scopes.map(async (scope) => [scope, (await newKey(scope)).key]))) as Record<Scope, string>;
});

/** Every route that asks for a key, what it needs, and what it answers where it is let through. */
const routes: readonly (readonly [method: string, path: () => string, scope: Scope, body: object | undefined, through: readonly number[]])[] = [
  ['POST', () => 'recordings', 'record', {}, [201]],
  ['GET', () => 'recordings', 'read', undefined, [200]],
  ['PATCH', () => `recordings/${recording.id}`, 'manage', {}, [200]],
  ['POST', () => `recordings/${recording.id}/broadcasts`, 'manage', {}, [201]],
  ['GET', () => `recordings/${recording.id}/broadcasts`, 'read', undefined, [200]],
  ['GET', () => `recordings/${recording.id}/broadcasts/live_${recording.id.slice(4)}_99`, 'read', undefined, [404]],
  ['PATCH', () => `recordings/${recording.id}/broadcasts/live_${recording.id.slice(4)}_99`, 'manage', {}, [404]],
  ['DELETE', () => `recordings/${recording.id}/broadcasts/live_${recording.id.slice(4)}_99`, 'manage', undefined, [404]],
  ['POST', () => `recordings/${recording.id}/tokens`, 'manage', {}, [201]],
  ['POST', () => `recordings/${recording.id}/clips`, 'manage', {}, [201]],
  ['GET', () => `recordings/${recording.id}/clips`, 'read', undefined, [200]],
  ['DELETE', () => `recordings/${recording.id}/clips/clip_${recording.id.slice(4)}_9`, 'manage', undefined, [404]],
  ['DELETE', () => 'recordings/rec_0000000000000000000000', 'manage', undefined, [404]],
  ['GET', () => 'keys', 'admin', undefined, [200]],
  ['POST', () => 'keys', 'admin', { scopes: ['read'] }, [201]],
  ['DELETE', () => 'keys/kid_0', 'admin', undefined, [404]],
  ['GET', () => 'templates', 'admin', undefined, [200]],
  ['POST', () => 'templates', 'admin', {}, [201]],
  ['GET', () => 'templates/pub_0000000000000000000000', 'admin', undefined, [403]],
  ['PATCH', () => 'templates/pub_0000000000000000000000', 'admin', {}, [403]],
  ['DELETE', () => 'templates/pub_0000000000000000000000', 'admin', undefined, [403]],
];

test('each route takes the keys that are for it, and no others', async () => {
  const revoked = await newKey(...scopes);
  assert.equal((await call('DELETE', `${edge}/v1/keys/${revoked.id}`, { token: apiKey })).status, 204);
  for (const [method, path, needed, body, through] of routes) {
    const ask = (token?: string): Promise<Answer> =>
      call(method, `${edge}/v1/${path()}`, { ...(token === undefined ? {} : { token }), ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const at = `${method} ${path()}`;
    refused(await ask(), 401, 'token_missing', at);
    for (const wrong of ['nonsense', `${apiKey}x`, `key_${'A'.repeat(43)}`, recording.ingest_token, revoked.key]) refused(await ask(wrong), 401, 'key_invalid', at);
    for (const scope of scopes) {
      const answer = await ask(keys[scope]);
      if (scope !== needed) refused(answer, 403, 'key_scope', `${at} by ${scope}`);
      else assert.ok(through.includes(answer.status) && answer.body?.error?.code !== 'key_scope', `${at} by ${scope}: ${answer.status}`);
    }
    const own = await ask(apiKey);
    assert.ok(through.includes(own.status), `${at}: ${own.status}`);
  }
});

test('a key is shown once, and listed by its name', async () => {
  const { id, key } = await newKey('read', 'record');
  const { body } = await call('GET', `${edge}/v1/keys`, { token: apiKey });
  const listed = body.keys.find((each: { id: string }) => each.id === id);
  assert.deepEqual([listed.title, listed.scopes], ['read and record', ['record', 'read']]);
  assert.ok(!JSON.stringify(body).includes(key), 'no list has a key');
  for (const bad of [{}, { scopes: [] }, { scopes: ['all'] }, { scopes: ['read'], colour: 'red' }]) refused(await post('keys', bad), 400, 'bad_request');
});

test('what a key is revoked for, it cannot do from then on', async () => {
  const { id, key } = await newKey('read');
  const list = (): Promise<Answer> => call('GET', `${edge}/v1/recordings?limit=1`, { token: key });
  assert.equal((await list()).status, 200);
  assert.equal((await call('DELETE', `${edge}/v1/keys/${id}`, { token: keys.admin })).status, 204);
  refused(await list(), 401, 'key_invalid');
  refused(await call('DELETE', `${edge}/v1/keys/${id}`, { token: apiKey }), 404, 'unknown_key');
});

/** Creates a recording as a page of that origin does. */
const visit = (template: string, origin?: string): Promise<Answer> =>
  call('POST', `${edge}/v1/recordings`, { headers: origin === undefined ? {} : { Origin: origin }, body: JSON.stringify({ template }) });
const newTemplate = async (body: object): Promise<string> => {
  const made = await post('templates', body);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.id;
};

test('a template is for the pages that it names', async () => {
  const template = await newTemplate({ origins: ['https://school.example', 'http://localhost:3000'] });
  assert.equal((await visit(template, 'https://school.example')).status, 201);
  assert.equal((await visit(template, 'http://localhost:3000')).status, 201);
  for (const origin of [undefined, 'https://school.example.evil', 'http://school.example', 'null']) refused(await visit(template, origin), 403, 'origin_not_allowed', origin);
  refused(await visit('pub_0000000000000000000000', 'https://school.example'), 403, 'unknown_template');
  refused(await post('templates', { origins: ['https://school.example/path'] }), 400, 'bad_request');
});

test('a template lets an address create so many in a minute, and so many there may be', async () => {
  const hurried = await newTemplate({ per_minute: 2 });
  assert.deepEqual([(await visit(hurried)).status, (await visit(hurried)).status], [201, 201]);
  const late = await visit(hurried);
  refused(late, 429, 'too_many_requests');
  assert.equal(late.headers.get('retry-after'), '60');
  const small = await newTemplate({ recordings: 1 });
  const first = await visit(small);
  assert.equal(first.status, 201);
  refused(await visit(small), 403, 'limit_reached');
  assert.equal((await call('DELETE', `${edge}/v1/recordings/${first.body.id}`, { token: apiKey })).status, 204);
  assert.equal((await visit(small)).status, 201, 'what is deleted counts no more');
});

test('a recording by a template ends where its limits are, and what is over is not kept', async () => {
  const { bytes } = fragment(0);
  const template = await newTemplate({ bytes: bytes.length + 1 });
  const { body } = await visit(template);
  await putConfig(body);
  await putFragment(body, 0);
  refused(await putObject(body, 1, fragment(1).bytes), 403, 'limit_reached');
  const { body: there } = await call('GET', `${body.ingest_url}/objects`, { token: body.ingest_token });
  assert.equal(there.objects.length, 1);
  // A limit that is taken away is so for what is created afterwards.
  assert.equal((await call('PATCH', `${edge}/v1/templates/${template}`, { token: apiKey, body: '{"bytes": null}' })).status, 200);
  const { body: free } = await visit(template);
  await putConfig(free);
  await putFragment(free, 0);
  await putFragment(free, 1);
});

test('templates are listed, changed and removed', async () => {
  const id = await newTemplate({ title: 'hall', minutes: 90 });
  const at = `${edge}/v1/templates/${id}`;
  const changed = await call('PATCH', at, { token: apiKey, body: JSON.stringify({ minutes: null, recordings: 3 }) });
  const { body: one } = await call('GET', at, { token: apiKey });
  for (const body of [changed.body, one]) assert.deepEqual([body.title, body.minutes, body.recordings], ['hall', undefined, 3]);
  const listed = await call('GET', `${edge}/v1/templates`, { token: apiKey });
  assert.deepEqual(listed.body.templates.find((each: { id: string }) => each.id === id), one);
  assert.equal((await call('DELETE', at, { token: apiKey })).status, 204);
  refused(await visit(id), 403, 'unknown_template');
  refused(await call('GET', at, { token: apiKey }), 403, 'unknown_template');
});

test('an edge\'s own templates have no limits', async () => {
  const { body } = await call('GET', `${edge}/v1/demo`);
  const template = body?.template ?? 'pub_demo';
  assert.equal((await visit(template, 'https://anywhere.example')).status, 201);
  refused(await call('POST', `${edge}/v1/recordings`, { body: JSON.stringify({ template, id: 'rec_0000000000000000000001' }) }), 403, 'key_required');
  assert.equal((await create({})).id.startsWith('rec_'), true);
});

test('the routes are told to programs', async () => {
  const { status, body } = await call('GET', `${edge}/openapi.json`);
  assert.deepEqual([status, body.openapi], [200, '3.1.0']);
  assert.ok(body.paths['/v1/recordings/{recording}/clips'].post.operationId === 'createClip');
});
