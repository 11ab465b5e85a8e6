// Mercator: the world as a square of side 1, west to east and north to south.

const RADIAN = Math.PI / 180;
export const EARTH_M = 40_075_017;

export const projected = (lat, lon) => [
  (lon + 180) / 360,
  (1 - Math.asinh(Math.tan(lat * RADIAN)) / Math.PI) / 2,
];

export const position = (x, y) => ({
  lat: Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) / RADIAN,
  lon: x * 360 - 180,
});

const NARROWEST = 600; // pixels for the world's side
const WIDEST = 2 ** 26;

// The part of the world that a canvas shows: its middle, and how many pixels the world's side takes.
export class Camera {
  constructor() {
    this.x = 0.79;
    this.y = 0.41;
    this.scale = 4000;
    this.width = 1;
    this.height = 1;
  }

  toScreen(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, (y - this.y) * this.scale + this.height / 2];
  }

  toWorld(left, top) {
    return [(left - this.width / 2) / this.scale + this.x, (top - this.height / 2) / this.scale + this.y];
  }

  pan(right, down) {
    this.x = Math.min(1, Math.max(0, this.x - right / this.scale));
    this.y = Math.min(1, Math.max(0, this.y - down / this.scale));
  }

  // Nearer by `factor`, with the point at (left, top) staying where it is.
  zoom(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.toWorld(left, top);
    this.scale = Math.min(WIDEST, Math.max(NARROWEST, this.scale * factor));
    this.x = x - (left - this.width / 2) / this.scale;
    this.y = y - (top - this.height / 2) / this.scale;
  }

  // Show all `points`, in world units, with a margin, not nearer than a city district.
  fit(points) {
    if (!points.length) return;
    const xs = points.map(([x]) => x);
    const ys = points.map(([, y]) => y);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    this.x = (left + right) / 2;
    this.y = (top + bottom) / 2;
    const room = Math.min(
      (this.width - 90) / Math.max(right - left, 1e-9),
      (this.height - 90) / Math.max(bottom - top, 1e-9),
    );
    this.scale = Math.min(2 ** 20, Math.max(NARROWEST, room));
  }

  get bbox() {
    const [left, top] = this.toWorld(0, 0);
    const [right, bottom] = this.toWorld(this.width, this.height);
    const northWest = position(Math.max(0, left), Math.max(0.001, top));
    const southEast = position(Math.min(1, right), Math.min(0.999, bottom));
    return { w: northWest.lon, s: southEast.lat, e: southEast.lon, n: northWest.lat };
  }

  get metresPerPixel() {
    const { lat } = position(this.x, this.y);
    return (EARTH_M * Math.cos(lat * RADIAN)) / this.scale;
  }
}
