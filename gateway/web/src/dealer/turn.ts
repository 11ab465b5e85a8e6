/** Strokes written across a phone that is held sideways while its screen stays upright. Pure. */
import type { PointGroup } from "signature_pad";

/** The strokes as the writer sees them: their right is down on the screen, which is `width` wide, and their top its right. */
export const turned = (strokes: readonly PointGroup[], width: number): PointGroup[] =>
  strokes.map((stroke) => ({
    ...stroke,
    points: stroke.points.map((point) => ({ ...point, x: point.y, y: width - point.x })),
  }));
