import { expect, test } from "vitest";
import { turned } from "./turn";

test("what goes down the screen goes to the right, and the screen's right is the top", () => {
  const stroke = {
    penColor: "#000",
    dotSize: 0,
    minWidth: 1,
    maxWidth: 2,
    velocityFilterWeight: 0.7,
    compositeOperation: "source-over" as const,
  };
  const points = [
    { x: 100, y: 10, pressure: 0.5, time: 1 },
    { x: 300, y: 400, pressure: 0.5, time: 2 },
  ];
  const [seen] = turned([{ ...stroke, points }], 360);
  expect(seen?.points.map(({ x, y }) => [x, y])).toEqual([
    [10, 260],
    [400, 60],
  ]);
});
