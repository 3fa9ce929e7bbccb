// The page's sum of what is written to a tape is the one that the module has: the same values as in its own test.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { payloadSum } from '../../www/sdk/src/payload_sum.ts';

test('it is XXH32', () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const counted = Uint8Array.from({ length: 100 }, (_, index) => index);
  assert.deepEqual([text(''), text('abc'), text('Nobody inspects the spammish repetition'), counted].map(payloadSum), [0x02cc5d05, 0x32d153ff, 0xe2293b2f, 0x7f89ba44]);
  const within = Uint8Array.from([9, ...counted, 9]).subarray(1, 101);
  assert.equal(payloadSum(within), 0x7f89ba44, 'wherever it lies');
});
