// The page's sum of what is written to a tape is the one that the module has: the same values as in its own test.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { payloadSum } from '../../www/sdk/src/payload_sum.ts';

test('it is what is defined', () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const counted = Uint8Array.from({ length: 100 }, (_, index) => index);
  const long = Uint8Array.from({ length: 76_800 }, (_, index) => index);
  const all = [text(''), text('abc'), text('Nobody inspects the spammish repetition'), counted, long];
  assert.deepEqual(all.map(payloadSum), [0, 0x9ba95ef4, 0x701f62c5, 0x08d4908b, 0xc43c8f6b]);
  const within = Uint8Array.from([9, ...counted, 9]).subarray(1, 101);
  assert.equal(payloadSum(within), 0x08d4908b, 'wherever it lies');
});
