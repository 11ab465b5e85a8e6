// Moving the map: drag, wheel, pinch, keys. A press that does not move is a tap.

const STILL_PX = 5;
const STEP_PX = 80;

export class Hand {
  constructor(canvas, camera, { changed, tapped, hovered }) {
    this.canvas = canvas;
    this.camera = camera;
    this.changed = changed;
    this.tapped = tapped;
    this.hovered = hovered;
    this.fingers = new Map();
    this.travel = 0;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.fingers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => hovered(-1e4, -1e4));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    if (!this.fingers.size) this.travel = 0;
    this.fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
  }

  #move(event) {
    const at = [event.offsetX, event.offsetY];
    const before = this.fingers.get(event.pointerId);
    if (!before) {
      this.hovered(...at);
      return;
    }
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, at);
    this.travel += Math.hypot(at[0] - before[0], at[1] - before[1]);
    if (other) {
      const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
      const middle = [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2];
      this.camera.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
      this.camera.zoom(apart(at) / Math.max(1, apart(before)), ...middle);
    } else if (this.travel > STILL_PX) {
      this.camera.pan(at[0] - before[0], at[1] - before[1]);
    } else {
      return;
    }
    this.changed();
  }

  #up(event) {
    const at = this.fingers.get(event.pointerId);
    this.fingers.delete(event.pointerId);
    if (at && this.travel <= STILL_PX) this.tapped(...at);
  }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    const turn = Math.max(-200, Math.min(200, event.deltaY * lines));
    this.camera.zoom(2 ** (-turn / 200), event.offsetX, event.offsetY);
    this.changed();
  }

  #key(event) {
    const steps = { ArrowLeft: [STEP_PX, 0], ArrowRight: [-STEP_PX, 0], ArrowUp: [0, STEP_PX], ArrowDown: [0, -STEP_PX] };
    if (steps[event.key]) this.camera.pan(...steps[event.key]);
    else if (event.key === "+" || event.key === "=") this.camera.zoom(1.5);
    else if (event.key === "-") this.camera.zoom(1 / 1.5);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.changed();
  }
}
