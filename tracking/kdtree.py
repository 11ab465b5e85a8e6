"""scipy's k-d tree, with types."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import spatial

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]


class KdTree:
    """Points in space that do not change, asked for the nearest."""

    def __init__(self, points: FloatArray) -> None:
        self.size = len(points)
        self._tree = cast(Any, spatial).cKDTree(points, balanced_tree=False, compact_nodes=False)

    def nearest(self, point: FloatArray, count: int) -> tuple[FloatArray, IndexArray]:
        """Distances and rows of the `count` nearest points, nearest first; at most `size` of them."""
        count = min(count, self.size)
        if count == 0:
            return np.empty(0), np.empty(0, np.intp)
        # Asked for one, scipy gives a scalar; asked for a list of ranks, always arrays.
        distances, rows = self._tree.query(point, k=count if count > 1 else [1])
        return cast(FloatArray, distances), cast(IndexArray, rows)
