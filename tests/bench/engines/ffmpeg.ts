// ffmpeg.wasm's core, single-threaded: it reads the File in place and writes to a device, so that neither lies in its memory.
import createCore, { type Core } from '@ffmpeg/core';
import type { Engine } from './engine.ts';

const device = 80 << 8;

/** `-c copy` to fragments. */
export const ffmpegWasm: Engine = async ({ file }, sink) => {
  const log: string[] = [];
  const core: Core = await createCore({ mainScriptUrlOrBlob: `/engines/ffmpeg-core.js#${btoa(JSON.stringify({ wasmURL: new URL('/engines/ffmpeg-core.wasm', location.href).href }))}` });
  core.setLogger(({ message }) => log.push(message));
  const { FS } = core;
  FS.mkdir('/in');
  FS.mount(FS.filesystems.WORKERFS, { blobs: [{ name: 'in', data: file }] }, '/in');
  FS.registerDevice(device, {
    open: () => undefined,
    close: () => undefined,
    write(_stream, buffer, offset, length) {
      sink.write(new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length));
      return length;
    },
  });
  FS.mkdev('/dev/out', device);
  const code = core.exec('-v', 'error', '-i', '/in/in', '-c', 'copy', '-bsf:a', 'aac_adtstoasc', '-f', 'mp4', '-movflags', 'frag_keyframe+delay_moov+default_base_moof', '/dev/out');
  if (code !== 0) throw new Error(`ffmpeg.wasm: ${log.slice(-3).join(' ')}`);
  return { memory: core.HEAPU8.buffer.byteLength };
};
