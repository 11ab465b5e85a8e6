// The marks on the map: ▲ service vehicle with its heading, ■ tow vehicle, ◆ case.

const SIZE = 7;

export function drawVehicle(context, vehicle, left, top, { colour, halo, lost }) {
  context.save();
  context.translate(left, top);
  context.beginPath();
  if (vehicle.kind === "tow") {
    context.rect(-SIZE + 1.5, -SIZE + 1.5, 2 * SIZE - 3, 2 * SIZE - 3);
  } else {
    context.rotate(((vehicle.course_deg ?? 0) * Math.PI) / 180);
    context.moveTo(0, -SIZE - 1);
    context.lineTo(SIZE - 1, SIZE - 1);
    context.lineTo(0, SIZE - 4);
    context.lineTo(-SIZE + 1, SIZE - 1);
    context.closePath();
  }
  context.lineJoin = "round";
  if (lost) {
    context.fillStyle = halo;
    context.fill();
    context.setLineDash([2.5, 2]);
    context.lineWidth = 1.5;
    context.strokeStyle = colour;
    context.stroke();
  } else {
    context.lineWidth = 2.5;
    context.strokeStyle = halo;
    context.stroke();
    context.fillStyle = colour;
    context.fill();
  }
  context.restore();
}

export function drawCase(context, left, top, { colour, halo, shape, pick }) {
  const size = 11;
  const diamond = (half) => {
    context.beginPath();
    context.moveTo(left, top - half);
    context.lineTo(left + half, top);
    context.lineTo(left, top + half);
    context.lineTo(left - half, top);
    context.closePath();
  };
  context.lineJoin = "round";
  if (pick) {
    diamond(size + 6);
    context.lineWidth = 2;
    context.strokeStyle = pick;
    context.stroke();
  }
  diamond(size);
  context.lineWidth = 3;
  context.strokeStyle = halo;
  context.stroke();
  context.fillStyle = colour;
  context.fill();
  if (!shape) return;
  context.save();
  context.translate(left - 5, top - 5);
  context.scale(10 / 16, 10 / 16);
  context.lineWidth = 2.2;
  context.lineCap = "round";
  context.stroke(shape);
  context.restore();
}

// A label to the right of its mark, or to the left; left out where it would cover another.
export function drawLabel(context, { left, top, text }, taken, { ink, halo }) {
  const width = context.measureText(text).width;
  for (const from of [left + 13, left - 13 - width]) {
    const box = [from - 2, top - 7, from + width + 2, top + 7];
    const meets = ([a, b, c, d]) => box[0] < c && a < box[2] && box[1] < d && b < box[3];
    if (taken.some(meets)) continue;
    taken.push(box);
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.lineWidth = 3;
    context.strokeStyle = halo;
    context.strokeText(text, from, top);
    context.fillStyle = ink;
    context.fillText(text, from, top);
    context.textBaseline = "alphabetic";
    return;
  }
}

export function stripes(context, colour, gap) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const inner = tile.getContext("2d");
  inner.fillStyle = gap;
  inner.fillRect(0, 0, 6, 6);
  inner.strokeStyle = colour;
  inner.lineWidth = 2.6;
  inner.beginPath();
  for (const shift of [-6, 0, 6]) {
    inner.moveTo(shift - 1, 7);
    inner.lineTo(shift + 7, -1);
  }
  inner.stroke();
  return context.createPattern(tile, "repeat");
}
