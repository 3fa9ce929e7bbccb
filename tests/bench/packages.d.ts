// What is used of a package that has no types of its own.

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
