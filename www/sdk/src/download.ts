/** Gives a URL to the browser's downloads. */
export function downloadUrl(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}

/** A file's name by local time: `clip-20260131-235959.mp4`. */
export function clipName(extension: string, date = new Date()): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `clip-${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}.${extension}`;
}
