/**
 * `livetape/tap`: load it before the player, as a classic script or a module.
 *
 * It watches what players append to `MediaSource`s, so that a recorder that comes later has the init segment and the
 * latest appends of every `SourceBuffer`. The page sees no difference: each hook calls the browser's own function first,
 * gives back what it gave, throws what it threw, and looks like it. Under 2,000 bytes gzipped: build.mjs refuses more.
 */
import type { Tap, TapCall, TapSink } from './tap_registry.js';

/** Appended bytes from the start of an init segment or fragment up to the next start. */
interface Run {
  readonly init: boolean;
  /** When it began, in ms of the page's clock. */
  readonly at: number;
  /** What the page did, in order. */
  readonly calls: Call[];
}

/** A method of the `SourceBuffer` that was called, with its argument, or a property that was set; and the offset then. */
type Call = [name: TapCall, value: unknown, timestampOffset: number];

/** What is remembered of one `SourceBuffer`. */
interface Source {
  readonly number: number;
  readonly owner: MediaSource;
  mime: string;
  /** The latest call of each name that is older than `runs`, appends left out; in order. */
  readonly past: Map<TapCall, Call>;
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

  /** Replaces a method or a property's setter, where `owner` has or inherits it, by one that calls it and, where it did not throw, `then`. */
  function hook<Self extends object>(owner: Self | undefined, name: string, then: (self: Self, args: unknown[], result: unknown) => void): void {
    // iPhones have ManagedMediaSource only, which inherits its methods from an interface that has no name there.
    let holder: object | null | undefined = owner;
    while (holder && !Object.hasOwn(holder, name)) holder = Object.getPrototypeOf(holder) as object | null;
    const property = holder && Object.getOwnPropertyDescriptor(holder, name);
    const part = property?.set ? 'set' : 'value';
    if (!holder || !property?.[part] || hooks.has(property[part])) return;
    property[part] = new Proxy(property[part], {
      apply(target, self, args) {
        const result: unknown = Reflect.apply(target as () => unknown, self, args);
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
    hooks.add(property[part]);
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

  /** Leaves the oldest run to what is only summed up. */
  function forget(source: Source): void {
    const old = source.runs.shift() as Run;
    if (old.init) source.init = old;
    for (const call of old.calls) {
      if (call[0] === 'appendBuffer') source.size -= (call[1] as Uint8Array).length;
      else sumUp(source, call);
    }
  }

  function sumUp({ past }: Source, call: Call): void {
    past.delete(call[0]);
    past.set(call[0], call);
  }

  function remember(source: Source, bytes: Uint8Array, offset: number): void {
    const end = head(source.mime, bytes);
    const live = attached(source).length > 0;
    if (live && end < 1) return;
    const at = performance.now();
    if (end >= 0) source.runs.push({ init: end > 0, at, calls: [] });
    const own = bytes.slice(0, end > 0 ? end : bytes.length);
    const run = source.runs.at(-1);
    if (!run) return; // In the middle of a fragment whose start is not remembered.
    run.calls.push(['appendBuffer', own, offset]);
    source.size += own.length;
    while (source.runs[0] && (live || source.size > maxBytes || source.runs[0].at < at - maxAge)) forget(source);
    if (end > 0 && end < bytes.length) remember(source, bytes.subarray(end), offset);
  }

  function replay(source: Source, sink: TapSink): void {
    const tell = (calls: Iterable<Call>): void => {
      for (const call of calls) sink.call(source.number, ...call);
    };
    sink.source(source.number, source.mime);
    tell(source.past.values());
    if (source.past.size) sink.call(source.number, 'joined', 0, 0);
    tell(source.init?.calls.filter(([name]) => name === 'appendBuffer') ?? []);
    for (const { calls } of source.runs) tell(calls);
    while (source.runs[0]) forget(source);
  }

  for (const kind of sourceKinds) {
    hook(kind.prototype, 'addSourceBuffer', (owner, [mime], buffer) => {
      const runs = [{ init: false, at: performance.now(), calls: [] }];
      const source: Source = { number: ++count, owner, mime: String(mime), past: new Map(), init: undefined, runs, size: 0 };
      sources.set(buffer as SourceBuffer, source);
      for (const sink of attached(source)) sink.source(source.number, source.mime);
    });
  }
  const names: TapCall[] = ['appendBuffer', 'abort', 'changeType', 'mode', 'timestampOffset', 'appendWindowStart', 'appendWindowEnd'];
  for (const kind of bufferKinds) {
    for (const name of names) {
      hook(kind.prototype, name, (self, [arg]) => {
        const source = sources.get(self);
        if (!source) return;
        const { timestampOffset } = self;
        // What was set is what the browser made of it.
        const value = names.indexOf(name) > 2 ? self[name as keyof SourceBuffer] : arg;
        if (name === 'appendBuffer') remember(source, bytesOf(arg as BufferSource), timestampOffset);
        else if (name === 'changeType') {
          while (source.runs[0]) forget(source);
          source.mime = String(arg);
          source.init = undefined;
        } else {
          const call: Call = [name, value, timestampOffset];
          const run = source.runs.at(-1);
          if (run) run.calls.push(call);
          else sumUp(source, call);
        }
        for (const sink of attached(source)) sink.call(source.number, name, value, timestampOffset);
      });
    }
  }
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
