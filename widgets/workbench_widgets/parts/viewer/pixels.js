// Stored values of a frame, and how they become grey: at the size of the screen, never of the image.

const KINDS = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, float32: Float32Array };

/** One frame; `about` is its description, `bytes` are its stored values. */
export class Frame {
  /** @param {wb.About} about @param {DataView<ArrayBuffer>} bytes */
  constructor(about, bytes) {
    this.about = about;
    const { buffer, byteOffset, byteLength } = bytes;
    const data = new KINDS[about.dtype](buffer.slice(byteOffset, byteOffset + byteLength));
    /** @type {wb.Level[]} */
    this.levels = [{ rows: about.rows, columns: about.columns, data }];
  }

  /** The physical value of a pixel, or null beside the image.  @param {number} row @param {number} column */
  value(row, column) {
    const { rows, columns, data } = this.levels[0];
    if (row < 0 || column < 0 || row >= rows || column >= columns) return null;
    return data[row * columns + column] * this.about.slope + this.about.intercept;
  }

  /** The image in half the size, so often: means of four pixels, so that nothing flickers.  @param {number} number */
  level(number) {
    while (this.levels.length <= number) this.levels.push(halved(this.levels[this.levels.length - 1]));
    return this.levels[number];
  }

  /** Smallest and largest physical value of most pixels: the first window. */
  range() {
    const { data } = this.level(Math.max(0, Math.ceil(Math.log2(Math.max(this.about.rows, this.about.columns) / 512))));
    const sorted = Float32Array.from(data).sort();
    const at = (/** @type {number} */ share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    const ends = [at(0.005), at(0.995)].map((one) => one * this.about.slope + this.about.intercept);
    return ends.sort((a, b) => a - b);
  }
}

/** @param {wb.Level} level @returns {wb.Level} */
function halved({ rows, columns, data }) {
  const [down, across] = [Math.max(1, rows >> 1), Math.max(1, columns >> 1)];
  const half = new Float32Array(down * across);
  for (let row = 0; row < down; row++) {
    const [above, below] = [Math.min(2 * row, rows - 1) * columns, Math.min(2 * row + 1, rows - 1) * columns];
    for (let column = 0; column < across; column++) {
      const [left, right] = [Math.min(2 * column, columns - 1), Math.min(2 * column + 1, columns - 1)];
      half[row * across + column] = (data[above + left] + data[above + right] + data[below + left] + data[below + right]) / 4;
    }
  }
  return { rows: down, columns: across, data: half };
}

/**
 * Grey of a physical value, 0 to 255: PS3.3 C.11.2.1.2.1, linear.
 * @param {number} value @param {[number, number]} window
 */
export function grey(value, [centre, width]) {
  const wide = Math.max(width, 1);
  if (value <= centre - 0.5 - (wide - 1) / 2) return 0;
  if (value > centre - 0.5 + (wide - 1) / 2) return 255;
  return ((value - (centre - 0.5)) / (wide - 1) + 0.5) * 255;
}

/**
 * Paint what a view shows into `picture` (ImageData).  `view`: screen pixels an image pixel, and
 * the image place (row, column; centres of pixels are whole) at the picture's upper left corner.
 * @param {Frame} frame @param {wb.View} view @param {number[]} window (centre, width)
 * @param {boolean} inverted @param {ImageData} picture
 */
export function paint(frame, view, window, inverted, picture) {
  const out = new Uint32Array(picture.data.buffer);
  const { width: across, height: down } = picture;
  const number = view.scale < 1 ? Math.floor(Math.log2(1 / view.scale)) : 0;
  const { rows, columns, data } = frame.level(number);
  const size = 2 ** number;
  const { slope, intercept } = frame.about;
  const wide = Math.max(window[1], 1);
  // grey = factor * stored + offset, the formula above in one step
  const factor = wide > 1 ? (slope / (wide - 1)) * 255 : 0;
  const offset = wide > 1 ? ((intercept - (window[0] - 0.5)) / (wide - 1) + 0.5) * 255 : 0;
  const places = new Int32Array(across);
  for (let x = 0; x < across; x++) {
    places[x] = Math.floor((view.column + x / view.scale + 0.5) / size);
  }
  for (let y = 0; y < down; y++) {
    const row = Math.floor((view.row + y / view.scale + 0.5) / size);
    const start = y * across;
    if (row < 0 || row >= rows) {
      out.fill(0, start, start + across);
      continue;
    }
    for (let x = 0; x < across; x++) {
      const column = places[x];
      if (column < 0 || column >= columns) {
        out[start + x] = 0;
        continue;
      }
      const stored = data[row * columns + column];
      let shade = wide > 1 ? factor * stored + offset : stored * slope + intercept > window[0] - 0.5 ? 255 : 0;
      if (shade < 0) shade = 0;
      else if (shade > 255) shade = 255;
      const whole = inverted ? 255 - (shade | 0) : shade | 0;
      out[start + x] = 0xff000000 | (whole << 16) | (whole << 8) | whole;
    }
  }
}
