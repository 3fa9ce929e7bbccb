// What is used of packages that have no types of their own.

declare module 'mux.js' {
  interface Segment { readonly initSegment: Uint8Array; readonly data: Uint8Array }
  class Transmuxer {
    constructor(options: { keepOriginalTimestamps: boolean; remux: boolean });
    on(event: 'data', listener: (segment: Segment) => void): void;
    push(bytes: Uint8Array): void;
    flush(): void;
  }
  const muxjs: { mp4: { Transmuxer: typeof Transmuxer } };
  export default muxjs;
}

declare module '@ffmpeg/core' {
  export interface Core {
    readonly FS: {
      readonly filesystems: { readonly WORKERFS: object };
      mkdir(path: string): void;
      mount(type: object, options: { blobs: { name: string; data: Blob }[] }, path: string): void;
      registerDevice(device: number, operations: { open(): void; close(): void; write(stream: object, buffer: Uint8Array, offset: number, length: number): number }): void;
      mkdev(path: string, device: number): void;
    };
    readonly HEAPU8: Uint8Array;
    setLogger(logger: (line: { message: string }) => void): void;
    exec(...words: string[]): number;
  }
  export default function createCore(options: { mainScriptUrlOrBlob: string }): Promise<Core>;
}
