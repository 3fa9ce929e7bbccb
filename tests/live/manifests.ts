// What a live source says of itself: HLS playlists and a DASH manifest, written anew for each request.
import { round, segmentSeconds, type Media, type Rendition } from './media.ts';

/** The stream at one moment. */
export interface Schedule {
  /** How many segments are there. */
  readonly published: number;
  /** No more will come. */
  readonly ended: boolean;
  /** Segments of the break. */
  readonly pause: { readonly from: number; readonly to: number };
}

/** What is shown in the place of a rendition at a position. */
export function shownAt({ pause }: Schedule, name: Rendition['name'], position: number): Rendition['name'] {
  return position >= pause.from && position < pause.to ? 'break' : name;
}

/** The playlist that names the two qualities. */
export function multivariant({ high, low }: Media): string {
  const variants = [high, low].map(
    ({ name, width, height, bandwidth, codecs }) => `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},RESOLUTION=${width}x${height},CODECS="${codecs.join(',')}",FRAME-RATE=25\n${name}.m3u8\n`,
  );
  return `#EXTM3U\n${variants.join('')}`;
}

/** The media playlist of a quality: all segments since the start. */
export function mediaPlaylist(schedule: Schedule, quality: 'high' | 'low', format: 'ts' | 'fmp4'): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${segmentSeconds}`, '#EXT-X-MEDIA-SEQUENCE:0', '#EXT-X-PLAYLIST-TYPE:EVENT'];
  let last: string | undefined;
  for (let position = 0; position < schedule.published; position += 1) {
    const name = shownAt(schedule, quality, position);
    if (last !== undefined && name !== last) lines.push('#EXT-X-DISCONTINUITY');
    if (format === 'fmp4' && name !== last) lines.push(`#EXT-X-MAP:URI="${name}/init.mp4"`);
    lines.push(`#EXTINF:${segmentSeconds},`, `${name}/${position}.${format === 'ts' ? 'ts' : 'm4s'}`);
    last = name;
  }
  if (schedule.ended) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

/** Segments of a track in one period. */
function representation(rendition: Rendition, kind: 'video' | 'audio', from: number, to: number): string {
  const { timescale, segments } = rendition.parts[kind];
  const rounds = rendition.name === 'break' ? 0 : 1;
  const at = (position: number): number => Math.floor(position / round) * rounds * round * segmentSeconds * timescale;
  const times = Array.from({ length: to - from }, (_, index) => {
    const segment = segments[(from + index) % round];
    return segment ? `<S t="${segment.time + at(from + index)}" d="${segment.duration}"/>` : '';
  });
  const origin = (rounds ? from : from % round) * segmentSeconds * timescale;
  const { name, width, height, codecs, bandwidth, rate } = rendition;
  const facts = kind === 'video' ? `width="${width}" height="${height}" frameRate="25" codecs="${codecs[0]}"` : `audioSamplingRate="${rate}" codecs="${codecs[1]}"`;
  return `<Representation id="${name}-${kind}" bandwidth="${kind === 'video' ? bandwidth - 100_000 : 96_000}" ${facts}>
      <SegmentTemplate timescale="${timescale}" presentationTimeOffset="${origin}" startNumber="${from}" initialization="${name}/${kind}/init.mp4" media="${name}/${kind}/$Number$.m4s">
        <SegmentTimeline>${times.join('')}</SegmentTimeline></SegmentTemplate></Representation>`;
}

function period(media: Media, { pause, published }: Schedule, from: number, to: number): string {
  const inside = from >= pause.from && from < pause.to;
  const until = Math.min(to, published);
  const qualities = inside ? [media.break] : [media.low, media.high];
  const duration = published >= to ? ` duration="PT${(to - from) * segmentSeconds}S"` : '';
  const [sound] = qualities.slice(-1) as [Rendition];
  const pictures = qualities.map((rendition) => representation(rendition, 'video', from, until));
  return `<Period id="p${from}" start="PT${from * segmentSeconds}S"${duration}>
    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">${pictures.join('\n')}</AdaptationSet>
    <AdaptationSet contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">${representation(sound, 'audio', from, until)}</AdaptationSet>
  </Period>`;
}

/** The DASH manifest: live, a period for what is before the break, for it, and for what follows. */
export function manifest(media: Media, schedule: Schedule, length: number, begun: Date): string {
  const { pause, published } = schedule;
  const bounds = [0, pause.from, pause.to, length].filter((bound, index, all) => bound <= length && all.indexOf(bound) === index);
  const periods = bounds.slice(0, -1).flatMap((from, index) => (from < published ? [period(media, schedule, from, bounds[index + 1] as number)] : []));
  return `<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic" availabilityStartTime="${begun.toISOString()}"
  publishTime="${new Date().toISOString()}" minimumUpdatePeriod="PT1S" minBufferTime="PT2S" timeShiftBufferDepth="PT600S" suggestedPresentationDelay="PT4S">
  ${periods.join('\n')}
  <UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="${new Date().toISOString()}"/>
</MPD>`;
}
