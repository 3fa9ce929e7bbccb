/**
 * `livetape/tap`: load it before the player, as a classic script or a module.
 *
 * It watches what players append to `MediaSource`s, so that a recorder that comes later has the init segment and the
 * latest appends of every `SourceBuffer`. The page sees no difference: each hook calls the browser's own function first,
 * gives back what it gave, throws what it threw, and looks like it. Under 2,000 bytes gzipped: build.mjs refuses more.
 */
import type { Tap, TapSink } from './tap_registry.js';

/** Appended bytes from the start of an init segment or fragment up to the next start. */
interface Run {
  readonly init: boolean;
  /** When it began, in ms of the page's clock. */
  readonly at: number;
  readonly parts: [bytes: Uint8Array<ArrayBuffer>, timestampOffset: number][];
  /** `abort()` came after these bytes. */
  aborted?: boolean;
}

/** What is remembered of one `SourceBuffer`. */
interface Source {
  readonly number: number;
  readonly owner: MediaSource;
  mime: string;
  /** Latest init segment that is older than `runs`. */
  init: Run | undefined;
  runs: Run[];
  /** Bytes in `runs`. */
  size: number;
}

const key = Symbol.for('livetape.tap');
const page = globalThis as unknown as Record<symbol, Tap | undefined>;

/** Those of the interfaces that this browser has. */
const kinds = <Kind>(...names: string[]): Kind[] => names.map((name) => (globalThis as unknown as Record<string, Kind>)[name]).filter((kind) => !!kind) as Kind[];
const sourceKinds = kinds<typeof MediaSource>('MediaSource', 'ManagedMediaSource');
const bufferKinds = kinds<typeof SourceBuffer>('SourceBuffer', 'ManagedSourceBuffer');

/** How much is remembered per `SourceBuffer` while no recorder is attached. */
const maxBytes = 16 << 20;
const maxAge = 60_000;

function install(): void {
  const sources = new WeakMap<SourceBuffer, Source>();
  const sinks = new WeakMap<MediaSource, Set<TapSink>>();
  const urls = new Map<string, WeakRef<MediaSource>>();
  const hooks = new WeakSet<object>();
  let count = 0;

  const attached = (source: Source): TapSink[] => [...(sinks.get(source.owner) ?? [])];

  /** Replaces a method, where `owner` has or inherits it, by one that calls it and, where it did not throw, `then`. */
  function hook<Self extends object>(owner: Self | undefined, name: string, then: (self: Self, args: unknown[], result: unknown) => void): void {
    // iPhones have ManagedMediaSource only, which inherits its methods from an interface that has no name there.
    let holder: object | null | undefined = owner;
    while (holder && !Object.hasOwn(holder, name)) holder = Object.getPrototypeOf(holder) as object | null;
    const property = holder && Object.getOwnPropertyDescriptor(holder, name);
    if (!holder || !property?.value || hooks.has(property.value)) return;
    property.value = new Proxy(property.value, {
      apply(target, self, args) {
        const result: unknown = Reflect.apply(target, self, args);
        try {
          then(self, args, result);
        } catch {
          // A fault here must never become the player's.
        }
        return result;
      },
      // A proxy's own text would be nameless.
      get: (target, name) => (name === 'toString' ? target.toString.bind(target) : target[name]),
    });
    hooks.add(property.value);
    Object.defineProperty(holder, name, property);
  }

  function bytesOf(data: BufferSource): Uint8Array {
    return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  }

  /**
   * Where the init segment at the head of `bytes` ends; 0 when a fragment begins there instead; -1 when neither does.
   * In formats that are not looked into, every append begins something.
   */
  function head(mime: string, bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const typeAt = (at: number): string => String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (/webm/.test(mime)) {
      const id = bytes.length < 4 ? 0 : view.getUint32(0);
      return id === 0x1a45dfa3 ? bytes.length : id === 0x1f43b675 ? 0 : -1;
    }
    if (!/mp4/.test(mime) || /styp|moof|sidx|emsg|prft/.test(typeAt(0))) return 0;
    if (!/ftyp|moov/.test(typeAt(0))) return -1;
    let at = 0;
    for (let type = ''; type !== 'moov' && at + 8 <= bytes.length; ) {
      type = typeAt(at);
      at += Math.max(8, view.getUint32(at));
    }
    return Math.min(at, bytes.length);
  }

  function remember(source: Source, bytes: Uint8Array, offset: number): void {
    const end = head(source.mime, bytes);
    const live = attached(source).length > 0;
    if (live && end < 1) return;
    if (end >= 0) source.runs.push({ init: end > 0, at: performance.now(), parts: [] });
    const run = source.runs[source.runs.length - 1];
    if (!run) return; // In the middle of a fragment whose start is not remembered.
    const own = bytes.slice(0, end > 0 ? end : bytes.length) as Uint8Array<ArrayBuffer>;
    run.parts.push([own, offset]);
    source.size += own.length;
    while (source.runs[0] && (live || source.size > maxBytes || source.runs[0].at < run.at - maxAge)) {
      const old = source.runs.shift() as Run;
      if (old.init) source.init = old;
      for (const [part] of old.parts) source.size -= part.length;
    }
    if (end > 0 && end < bytes.length) remember(source, bytes.subarray(end), offset);
  }

  function replay(source: Source, sink: TapSink): void {
    sink.source(source.number, source.mime);
    for (const run of source.init ? [source.init, ...source.runs] : source.runs) {
      for (const [bytes, offset] of run.parts) sink.append(source.number, bytes, offset);
      if (run.aborted) sink.abort(source.number);
      if (run.init) source.init = run;
    }
    source.runs = [];
    source.size = 0;
  }

  /** `then` on what is known of the `SourceBuffer`, and on each sink of its `MediaSource`. */
  function hookBuffer(
    name: string,
    then: (source: Source, arg: unknown, self: SourceBuffer) => void,
    tell: (sink: TapSink, source: Source, arg: unknown, self: SourceBuffer) => void,
  ): void {
    for (const kind of bufferKinds) {
      hook(kind.prototype, name, (self, [arg]) => {
        const source = sources.get(self);
        if (!source) return;
        then(source, arg, self);
        for (const sink of attached(source)) tell(sink, source, arg, self);
      });
    }
  }

  for (const kind of sourceKinds) {
    hook(kind.prototype, 'addSourceBuffer', (owner, [mime], buffer) => {
      const source: Source = { number: ++count, owner, mime: String(mime), init: undefined, runs: [], size: 0 };
      sources.set(buffer as SourceBuffer, source);
      for (const sink of attached(source)) sink.source(source.number, source.mime);
    });
  }
  hookBuffer(
    'appendBuffer',
    (source, data, self) => remember(source, bytesOf(data as BufferSource), self.timestampOffset),
    (sink, source, data, self) => sink.append(source.number, data as BufferSource, self.timestampOffset),
  );
  hookBuffer(
    'abort',
    (source) => {
      const last = source.runs[source.runs.length - 1];
      if (last) last.aborted = true;
    },
    (sink, source) => sink.abort(source.number),
  );
  hookBuffer(
    'changeType',
    (source, mime) => {
      source.mime = String(mime);
      source.init = undefined;
      source.runs = [];
      source.size = 0;
    },
    (sink, source) => sink.changeType(source.number, source.mime),
  );
  hook(URL as unknown as object, 'createObjectURL', (_self, [object], url) => {
    if (isMediaSource(object)) urls.set(String(url), new WeakRef(object));
  });

  page[key] = {
    find(video) {
      const object = video.srcObject;
      return isMediaSource(object) ? object : urls.get(video.currentSrc || video.src)?.deref();
    },
    attach(owner, sink) {
      const known = [...owner.sourceBuffers].map((buffer) => sources.get(buffer));
      if (known.includes(undefined)) return;
      const set = sinks.get(owner) ?? new Set();
      sinks.set(owner, set.add(sink));
      for (const source of known) replay(source as Source, sink);
      return () => void set.delete(sink);
    },
  };
}

function isMediaSource(object: unknown): object is MediaSource {
  return sourceKinds.some((kind) => object instanceof kind);
}

if (!page[key]) install();
