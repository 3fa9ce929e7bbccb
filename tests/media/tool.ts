// Runs ffmpeg, ffprobe and GStreamer.
import { spawn } from 'node:child_process';

/** What a finished tool left behind. */
export interface ToolOutput {
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs `program` to its end. Rejects when it cannot start, exits non-zero, or takes longer than `seconds`. */
export function runTool(program: 'ffmpeg' | 'ffprobe' | 'gst-launch-1.0', args: readonly string[], seconds = 120): Promise<ToolOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: seconds * 1000, killSignal: 'SIGKILL' });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (cause) => reject(new Error(`${program} did not start`, { cause })));
    child.on('close', (code, signal) => {
      const text = Buffer.concat(stderr).toString();
      if (code === 0) resolve({ stdout: Buffer.concat(stdout), stderr: text });
      else reject(new Error(`${program} ${args.join(' ')}: ${signal ?? `exit ${code}`}\n${text.slice(-2000)}`));
    });
  });
}

/** Warnings and errors of a tool that ran with `-loglevel level+info`: lines marked so, without ffmpeg's object addresses. */
export function complaints(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => /\[(warning|error|fatal|panic)\]/.test(line))
    .map((line) => line.replace(/ @ 0x[0-9a-f]+/g, '').trim());
}
