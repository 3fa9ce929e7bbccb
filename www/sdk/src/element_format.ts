/** `90`, `90s`, `30m`, `2h` as seconds; undefined where it is something else. */
export function seconds(text: string | null): number | undefined {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*$/.exec(text ?? '') ?? [];
  return number === undefined ? undefined : Number(number) * { '': 1, s: 1, m: 60, h: 3600 }[unit as '' | 's' | 'm' | 'h'];
}

/** Seconds as `1:02:03` or `2:03`. */
export function clock(duration: number): string {
  const whole = Math.round(duration);
  const two = (number: number): string => String(number).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Seconds as whole hours and minutes. */
export function hoursAndMinutes(duration: number): [hours: number, minutes: number] {
  const minutes = Math.floor(duration / 60);
  return [Math.floor(minutes / 60), minutes % 60];
}

/** Bytes as `512 kB` or `3.4 MB`. */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
