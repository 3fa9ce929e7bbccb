// The package's document has its whole table of errors.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { errorTable } from '../../www/sdk/src/errors.ts';

test('docs/sdk.md has every error code with its sentence, and no other', async () => {
  const document = await readFile(new URL('../../docs/sdk.md', import.meta.url), 'utf8');
  const [, section = ''] = /## Error codes\n(.*?)\n## /s.exec(document) ?? [];
  const rows = [...section.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, code, sentence]) => [code, sentence]);
  assert.deepEqual(rows, Object.entries(errorTable));
});
