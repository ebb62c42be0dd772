// Shapes on an image, in image pixels as (row, column); whole numbers are centres of pixels.

/** @import { Frame } from "./pixels.js" */

/** @type {Record<string, string>} */
const COLOURS = { signal: "#ffd54a", background: "#5ad1e6", phantom: "#7be08a", mark: "#ffffff" };

/**
 * Distance of two places, in mm where the spacing is known, else in pixels.
 * @param {wb.ImagePlace[]} places @param {wb.Spacing} spacing
 */
export function distance([from, to], spacing) {
  const [down, across] = spacing ?? [1, 1];
  return Math.hypot((to[0] - from[0]) * down, (to[1] - from[1]) * across);
}

/** Angle at the middle of three places, degrees.  @param {wb.ImagePlace[]} places @param {wb.Spacing} spacing */
export function angle([one, corner, other], spacing) {
  const [down, across] = spacing ?? [1, 1];
  const arm = (/** @type {wb.ImagePlace} */ place) => [(place[0] - corner[0]) * down, (place[1] - corner[1]) * across];
  const [[a, b], [c, d]] = [arm(one), arm(other)];
  return (Math.atan2(Math.abs(a * d - b * c), a * c + b * d) * 180) / Math.PI;
}

/**
 * Whether the centre of a pixel lies in a circle or rectangle drawn from one place to another.
 * @param {string} kind @param {wb.ImagePlace[]} places
 * @returns {(row: number, column: number) => boolean}
 */
export function encloses(kind, [from, to]) {
  if (kind === "circle") {
    const radius = Math.hypot(to[0] - from[0], to[1] - from[1]);
    return (row, column) => Math.hypot(row - from[0], column - from[1]) <= radius;
  }
  const [top, bottom] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  const [left, right] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
  return (row, column) => row >= top && row <= bottom && column >= left && column <= right;
}

/**
 * Mean, sample standard deviation, extremes and area of the values inside.
 * @param {Frame} frame @param {string} kind @param {wb.ImagePlace[]} places @param {wb.Spacing} spacing
 */
export function statistics(frame, kind, places, spacing) {
  const inside = encloses(kind, places);
  const [from, to] = places;
  const reach = kind === "circle" ? Math.hypot(to[0] - from[0], to[1] - from[1]) : 0;
  const rows = reach ? [from[0] - reach, from[0] + reach] : [from[0], to[0]].sort((a, b) => a - b);
  const columns = reach ? [from[1] - reach, from[1] + reach] : [from[1], to[1]].sort((a, b) => a - b);
  let [n, mean, squares, least, most] = [0, 0, 0, Infinity, -Infinity];
  for (let row = Math.floor(rows[0]); row <= Math.ceil(rows[1]); row++) {
    for (let column = Math.floor(columns[0]); column <= Math.ceil(columns[1]); column++) {
      if (!inside(row, column)) continue;
      const value = frame.value(row, column);
      if (value === null || Number.isNaN(value)) continue;
      n += 1; // Welford 1962, Technometrics 4:419
      const off = value - mean;
      mean += off / n;
      squares += off * (value - mean);
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  if (!n) return null;
  const sd = n > 1 ? Math.sqrt(squares / (n - 1)) : null;
  const area = spacing ? n * spacing[0] * spacing[1] : null;
  return { n, mean, sd, min: least, max: most, area };
}

/** Five digits of a number, with the language's sign before decimals.  @param {number | null} value @param {wb.ViewerWords} words */
export function printed(value, words) {
  return value === null ? "–" : Number(value.toPrecision(5)).toString().replace(".", words.point);
}

/** A text with values in its places.  @param {string} text @param {Record<string, string | number>} values */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/**
 * Draw a region of a measurement; `at` turns (row, column) into a place on the canvas.
 * @param {CanvasRenderingContext2D} context @param {wb.Region} region @param {wb.ToPoint} at
 * @param {number} scale
 */
export function drawRegion(context, region, at, scale) {
  context.strokeStyle = context.fillStyle = COLOURS[region.role] ?? COLOURS.mark;
  context.lineWidth = 1.5;
  context.beginPath();
  const [x, y] = at(region.points[0]);
  const turned = (region.angle * Math.PI) / 180;
  const [first, second] = region.size.map((one) => one * scale);
  if (region.kind === "circle") context.arc(x, y, first, 0, 2 * Math.PI);
  else if (region.kind === "ellipse") context.ellipse(x, y, second, first, turned, 0, 2 * Math.PI);
  else if (region.kind === "rectangle") trace(context, corners(first, second, turned).map(([i, j]) => [x + i, y + j]));
  else if (region.kind === "point") context.arc(x, y, 4, 0, 2 * Math.PI);
  else trace(context, region.points.map(at));
  if (["rectangle", "polygon"].includes(region.kind)) context.closePath();
  context.stroke();
  if (region.label) outlined(context, region.label, x + 4, y - (first ?? 4) - 4);
}

/** A path from point to point.  @param {CanvasRenderingContext2D} context @param {wb.Point[]} points */
function trace(context, points) {
  points.forEach(([x, y], number) => {
    if (number) context.lineTo(x, y);
    else context.moveTo(x, y);
  });
}

/** @param {number} height @param {number} width @param {number} turned @returns {wb.Point[]} */
function corners(height, width, turned) {
  const [c, s] = [Math.cos(turned), Math.sin(turned)];
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([i, j]) => {
    const [x, y] = [(i * width) / 2, (j * height) / 2];
    return [x * c - y * s, x * s + y * c];
  });
}

/**
 * A text that is legible on light and dark.
 * @param {CanvasRenderingContext2D} context @param {string} text @param {number} x @param {number} y
 */
export function outlined(context, text, x, y) {
  context.font = "12px system-ui, sans-serif";
  context.save();
  context.strokeStyle = "rgba(0, 0, 0, 0.85)";
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeText(text, x, y);
  context.restore();
  context.fillText(text, x, y);
}

/**
 * Draw what a person measured, and the words beside it.
 * @param {CanvasRenderingContext2D} context @param {wb.Measure} measure @param {wb.ToPoint} at
 * @param {Frame} frame @param {wb.ViewerWords} words
 */
export function drawMeasure(context, measure, at, frame, words) {
  const { kind, places } = measure;
  const screen = places.map(at);
  const last = screen[screen.length - 1];
  context.strokeStyle = context.fillStyle = "#ff9ad5";
  context.lineWidth = 1.5;
  context.beginPath();
  if (kind === "circle") context.arc(...screen[0], Math.hypot(screen[1][0] - screen[0][0], screen[1][1] - screen[0][1]), 0, 2 * Math.PI);
  else if (kind === "rectangle") context.rect(screen[0][0], screen[0][1], screen[1][0] - screen[0][0], screen[1][1] - screen[0][1]);
  else trace(context, screen);
  context.stroke();
  told(measure, frame, words).forEach((line, number) => { outlined(context, line, last[0] + 8, last[1] + 14 * number); });
}

/**
 * What a measure says, line by line.
 * @param {wb.Measure} measure @param {Frame} frame @param {wb.ViewerWords} words
 */
export function told({ kind, places }, frame, words) {
  const { spacing, unit } = frame.about;
  const number = (/** @type {number | null} */ value) => printed(value, words);
  if (kind === "distance") {
    const value = number(distance(places, spacing));
    return [spacing ? `${value} mm` : filled(words.pixels, { value })];
  }
  if (kind === "angle") return places.length < 3 ? [] : [`${number(angle(places, spacing))}°`];
  const found = statistics(frame, kind, places, spacing);
  if (!found) return [];
  const area = found.area === null ? filled(words.pixels, { value: found.n }) : `${number(found.area)} mm²`;
  return [
    filled(words.mean, { value: number(found.mean), unit }), filled(words.sd, { value: number(found.sd) }),
    filled(words.range, { low: number(found.min), high: number(found.max) }), area,
  ];
}
