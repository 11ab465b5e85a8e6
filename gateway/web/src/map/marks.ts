/** The marks on the map, drawn once for each look: shape says what it is, colour its state, greyness the age of its fix. */
import type { Map as MapLibre } from "maplibre-gl";
import { type Freshness, SHAPES, type Tone } from "@/shared/states";

const RATIO = 2;
const SIZE_PX = 22;

/** `vehicle|service|en_route|fresh`, `case|offered`, `case|late|selected`, `dealer`. */
export const vehicleMark = (kind: string | null | undefined, tone: Tone | "free" | "off", fresh: Freshness): string =>
  `vehicle|${kind ?? "service"}|${tone}|${fresh}`;
export const caseMark = (tone: Tone, selected: boolean): string => `case|${tone}${selected ? "|selected" : ""}`;
export const DEALER_MARK = "dealer";

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Have `map` draw marks as its layers ask for them. */
export function drawMarks(map: MapLibre): void {
  map.setMissingStyleImageResolver((id) => {
    const image = draw(id);
    if (image && !map.hasImage(id)) map.addImage(id, image, { pixelRatio: RATIO });
  });
}

function draw(id: string): ImageData | null {
  const [what, ...looks] = id.split("|");
  const size = (what === "case" ? SIZE_PX + 6 : SIZE_PX) * RATIO;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.scale(size / 24, size / 24);
  pen.lineJoin = "round";
  if (what === "vehicle") drawVehicle(pen, looks[0] ?? "service", looks[1] ?? "free", looks[2] ?? "fresh");
  else if (what === "case") drawCase(pen, (looks[0] ?? "open") as Tone, looks[1] === "selected");
  else if (what === "dealer") drawDealer(pen);
  else return null;
  return pen.getImageData(0, 0, size, size);
}

/** Service vehicles point where they go, ▲; tow vehicles are square, ■. */
function drawVehicle(pen: CanvasRenderingContext2D, kind: string, tone: string, fresh: string): void {
  const path = new Path2D(kind === "tow" ? "M6 6h12v12H6z" : "M12 3.5 18.5 19.5 12 16 5.5 19.5z");
  const old = fresh !== "fresh";
  const idle = tone === "free" || tone === "off";
  const state = old ? colour("--map-grey") : idle ? colour("--map-vehicle") : colour(`--tone-${tone}`);
  pen.lineWidth = 2;
  if (fresh === "lost") pen.setLineDash([2.2, 2]);
  if (tone === "off" || fresh === "lost") {
    pen.fillStyle = colour("--panel");
    pen.fill(path);
    pen.strokeStyle = state;
    pen.stroke(path);
    return;
  }
  pen.strokeStyle = colour("--map-halo");
  pen.stroke(path);
  pen.fillStyle = state;
  pen.fill(path);
}

/** ◆ with the shape of its state inside. */
function drawCase(pen: CanvasRenderingContext2D, tone: Tone, selected: boolean): void {
  const path = new Path2D("M12 1.5 22.5 12 12 22.5 1.5 12z");
  pen.fillStyle = colour(`--tone-${tone}`);
  pen.fill(path);
  pen.lineWidth = selected ? 2.6 : 1.4;
  pen.strokeStyle = selected ? colour("--map-pick") : colour("--map-halo");
  pen.stroke(path);
  pen.save();
  pen.translate(6.4, 6.4);
  pen.scale(0.7, 0.7);
  pen.strokeStyle = colour("--panel");
  pen.lineWidth = 2;
  pen.lineCap = "round";
  pen.stroke(new Path2D(SHAPES[tone]));
  pen.restore();
}

/** ⌂ */
function drawDealer(pen: CanvasRenderingContext2D): void {
  const path = new Path2D("M12 4 20.5 11.5H18V20H6v-8.5H3.5z");
  pen.fillStyle = colour("--panel");
  pen.fill(path);
  pen.lineWidth = 1.8;
  pen.strokeStyle = colour("--map-vehicle");
  pen.stroke(path);
}
