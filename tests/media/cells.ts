// The frame number as www/demo/sample/make.sh burns it in: a row of black and white cells near the top of the picture.
//
// Written for the 640x360 picture; a picture of another size carries the same row, scaled. No imports: these functions
// also run inside a page (see page_frames.ts), so each uses nothing but its arguments and the other functions here.

/** Where the row of cells is, in pixels of the 640x360 picture. */
export interface CellLayout {
  /** Picture size the other numbers are for. */
  readonly width: number;
  readonly height: number;
  /** Left edge of the first cell, and the distance from one cell's left edge to the next. */
  readonly left: number;
  readonly pitch: number;
  /** Top edge of every cell, and its side. */
  readonly top: number;
  readonly side: number;
  /** Pixels at each side of a cell that are not looked at. */
  readonly margin: number;
  readonly cells: number;
  /** Frames after which the number begins at 0 again. */
  readonly frames: number;
}

export const layout: CellLayout = {
  width: 640,
  height: 360,
  left: 36,
  pitch: 32,
  top: 12,
  side: 24,
  margin: 6,
  cells: 18,
  frames: 400,
};

/**
 * The number that a row of cells says, or null when it cannot be trusted: a cell that is neither dark nor bright (a
 * blend of two frames), a wrong sync pattern, a check value that does not fit, or a number out of range.
 *
 * `cells` are mean luminances, 0 to 255, left to right.
 */
export function decodeCells(cells: readonly number[], frames: number): number | null {
  let word = 0;
  for (const luma of cells) {
    if (luma > 80 && luma < 176) return null;
    word = word * 2 + (luma >= 176 ? 1 : 0);
  }
  const sync = word >> 14;
  const number = (word >> 4) & 0x3ff;
  const check = word & 0xf;
  const trusted = cells.length === 18 && sync === 0b1011 && check === 15 - (number % 15) && number < frames;
  return trusted ? number : null;
}

/**
 * Mean luminance of each cell in a picture (or the top of one) `width` pixels wide.
 *
 * `scale` is picture pixels per layout pixel; `luma` gives the luminance at (x, y), 0 to 255.
 */
export function sampleCells(where: CellLayout, scale: number, luma: (x: number, y: number) => number): number[] {
  const means: number[] = [];
  for (let cell = 0; cell < where.cells; cell += 1) {
    const left = Math.round((where.left + cell * where.pitch + where.margin) * scale);
    const top = Math.round((where.top + where.margin) * scale);
    const side = Math.max(1, Math.floor((where.side - 2 * where.margin) * scale));
    let sum = 0;
    for (let y = top; y < top + side; y += 1) {
      for (let x = left; x < left + side; x += 1) sum += luma(x, y);
    }
    means.push(sum / (side * side));
  }
  return means;
}
