"""The door of tracking's store for the rooms above. Each function takes the session of its caller's transaction."""

from tracking.corridor import passed_within
from tracking.fences import end_fence, move_fence, note_crossing, set_fence, unnoted_crossings
from tracking.heat import fix_heat
from tracking.history import live_positions, trail
from tracking.roster import (
    ROSTER,
    add_terminal,
    add_vehicle,
    change_vehicle,
    remove_terminal,
    renew_token,
    terminal,
    terminal_by_token,
    terminals,
    valid_tokens,
    vehicle,
    vehicles,
)
from tracking.tracks import seen_in, tracks

__all__ = [
    "ROSTER",
    "add_terminal",
    "add_vehicle",
    "change_vehicle",
    "end_fence",
    "fix_heat",
    "live_positions",
    "move_fence",
    "note_crossing",
    "passed_within",
    "remove_terminal",
    "renew_token",
    "seen_in",
    "set_fence",
    "terminal",
    "terminal_by_token",
    "terminals",
    "tracks",
    "trail",
    "unnoted_crossings",
    "valid_tokens",
    "vehicle",
    "vehicles",
]
