// What is used of packages that have no types of their own.

declare module 'mux.js' {
  interface Segment { readonly type: 'audio' | 'video' | 'combined'; readonly initSegment: Uint8Array; readonly data: Uint8Array }
  class Transmuxer {
    constructor(options: { keepOriginalTimestamps: boolean; remux: boolean });
    on(event: 'data', listener: (segment: Segment) => void): void;
    push(bytes: Uint8Array): void;
    flush(): void;
  }
  const muxjs: { mp4: { Transmuxer: typeof Transmuxer } };
  export default muxjs;
}
