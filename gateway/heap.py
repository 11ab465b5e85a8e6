"""The garbage collector in a process that serves: it must not hold up everybody while it looks at what never changes.

A full collection looks at every object there is. Of map, roster, routes and positions there are a quarter of a
million at the start, and each connected terminal adds some hundred: that would be a tenth of a second and more,
again and again, in which nobody is answered.
"""

import gc
from typing import Final

THRESHOLDS: Final = (10_000, 10, 1_000)
"""Young objects are looked at as often as it takes milliseconds; all of them about once an hour. Little depends on
it, since what is not part of a cycle goes at once.
"""


def settle() -> None:
    """What is there now stays for good, and is looked at no more. Call it once, when all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
