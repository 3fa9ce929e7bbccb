// The process that runs the Worker: wrangler starts another one in front of it, which is not counted.
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise; // It has ended meanwhile.
  }
}

const pids = (): number[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
const facts = (pid: number): string[] => readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
const parent = (pid: number): number => attempt(() => Number(facts(pid)[1]), 0);
const program = (pid: number): string => attempt(() => readFileSync(`/proc/${pid}/comm`, 'latin1').trim(), '');
const files = (pid: number): string[] => attempt(() => readdirSync(`/proc/${pid}/fd`).map((fd) => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')), []);

function isOurs(pid: number): boolean {
  for (let at = pid; at > 1; at = parent(at)) if (at === process.pid) return true;
  return false;
}

/** It has files of the store open. */
export function workerd(): number {
  const found = pids().filter((pid) => program(pid) === 'workerd' && isOurs(pid) && files(pid).some((file) => file.includes('/livetape-edge-')));
  const [pid] = found;
  if (pid === undefined || found.length > 1) throw new Error(`${found.length} processes have the store open`);
  return pid;
}

/** Milliseconds of processor that it has used, by all its threads; in steps of 10. */
export function processor(pid: number): number {
  const [, , , , , , , , , , , user, system] = facts(pid);
  return 10 * (Number(user) + Number(system));
}

/** Forgets the most memory that it had. */
export const forgetMost = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

/** Bytes of memory that it had at most since then. */
export function most(pid: number): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(line?.[1]) * 1024;
}
