"""What the store itself says afterwards: asked in SQL, past the service, for exactly what was acknowledged."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg

from core.storeurl import read_url
from gateway.live.protocol import Board
from simulations.campaign.senders import Sender
from simulations.ledger import Acked

CLOCK_S = 120
"""So far an event's time may be from that of its commit: a command may have waited so long for the store."""
SHOWN = 3

_LOST_FIXES = """
    SELECT named.terminal_id, acked.seq
    FROM unnest(%s::text[], %s::int8[], %s::int8[]) AS named (terminal_id, first, last),
         generate_series(named.first, named.last) AS acked (seq)
    EXCEPT
    SELECT terminal_id, seq FROM position_fix
    WHERE fix_time BETWEEN %s AND %s AND fix_time = %s + seq * %s
"""
_LOST_COMMANDS = """
    SELECT acked.kinds, acked.match, acked.case_id FROM acked
    WHERE NOT EXISTS (
        SELECT FROM case_event AS event
        WHERE event.case_id = acked.case_id AND event.kind = ANY (string_to_array(acked.kinds, '|'))
          AND convert_from(event.data, 'UTF8')::jsonb @> acked.match
    )
"""
_GRANTED_TWICE = """
    SELECT 'offer ' || (convert_from(data, 'UTF8')::jsonb ->> 'offer_id') || ' has ' || count(*) || ' answers'
    FROM case_event
    WHERE kind IN ('offer_accepted', 'offer_declined', 'offer_expired', 'offer_withdrawn')
    GROUP BY convert_from(data, 'UTF8')::jsonb ->> 'offer_id' HAVING count(*) > 1
    UNION ALL
    SELECT 'case ' || trip.case_id || ' has ' || count(*) || ' trips' FROM trip GROUP BY trip.case_id
    HAVING count(*) <> (
        SELECT count(*) FROM case_event AS event WHERE event.case_id = trip.case_id AND event.kind = 'offer_accepted'
    )
"""
_LOG = """
    SELECT count(*), coalesce(min(seq), 1), coalesce(max(seq), 0),
           coalesce((SELECT value FROM counter WHERE name = 'case_event'), 0)
    FROM case_event
"""
_WRONG_TIMES = """
    SELECT 'event ' || seq || ' (' || kind || ') is of ' || at || ', committed ' || pg_xact_commit_timestamp(xmin)
    FROM case_event
    WHERE abs(extract(epoch FROM at - pg_xact_commit_timestamp(xmin))) > %s
    UNION ALL
    SELECT 'offer ' || (told.data ->> 'offer_id') || ' expired before its time'
    FROM (SELECT convert_from(data, 'UTF8')::jsonb AS data FROM case_event WHERE kind = 'offer_made') AS told
    JOIN (
        SELECT convert_from(data, 'UTF8')::jsonb ->> 'offer_id' AS offer_id, pg_xact_commit_timestamp(xmin) AS moment
        FROM case_event WHERE kind = 'offer_expired'
    ) AS expired ON expired.offer_id = told.data ->> 'offer_id'
    WHERE expired.moment < (told.data ->> 'expires_at')::timestamptz
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What speaks against the service: `lost` counts what was acknowledged and is not there."""

    fixes: int
    commands: int
    lost: int
    won_twice: tuple[str, ...]
    others: tuple[str, ...]


class Proof:
    """Remembers what it has looked at, so that each round is asked for its own; `everything` looks at all."""

    def __init__(self, database: str) -> None:
        self._url = read_url(database)
        self._looked_at = 0
        self._fixes_before: dict[str, int] = {}

    def look(self, senders: Sequence[Sender], commands: Sequence[Acked], *, everything: bool = False) -> Found:
        """Ask the store. Blocks. Raises psycopg.Error where it does not answer."""
        since = {} if everything else self._fixes_before
        asked = commands[0 if everything else self._looked_at :]
        with self._connect() as connection:
            ranges = list(_ranges(senders, since))
            lost_fixes = _lost_fixes(connection, senders, ranges) if ranges else []
            lost_commands = list(_lost_commands(connection, asked))
            twice = _texts(connection, _GRANTED_TWICE)
            others = [*_log_gaps(connection), *_texts(connection, _WRONG_TIMES, CLOCK_S)]
        self._looked_at = len(commands)
        self._fixes_before = {sender.terminal_id: sender.sent[-1].acked for sender in senders if sender.sent}
        refused = [
            f"fix {seq} of {sender.terminal_id} was refused: {reason}"
            for sender in senders
            for part in sender.sent
            for seq, reason in part.refused.items()
            if seq > since.get(sender.terminal_id, 0)
        ]
        lost = [*lost_fixes, *lost_commands]
        return Found(
            fixes=sum(last - first + 1 for _, first, last in ranges),
            commands=len(asked),
            lost=len(lost),
            won_twice=tuple(twice),
            others=(*(f"lost: {one}" for one in lost[:SHOWN]), *_few(refused), *_few(others)),
        )

    def unlike_store(self, boards: Sequence[Board]) -> list[str]:
        """Where a fresh screen of a process shows a vehicle elsewhere than the store has it."""
        with self._connect() as connection:
            rows = connection.execute("SELECT plate, fix_time FROM live_position").fetchall()
        stored = dict(rows)
        found: list[str] = []
        for number, board in enumerate(boards):
            shown = {
                plate: datetime.fromisoformat(str(vehicle["fix_time"])) for plate, vehicle in board.vehicles.items()
            }
            wrong = [plate for plate in sorted(stored.keys() | shown.keys()) if stored.get(plate) != shown.get(plate)]
            if wrong:
                first = wrong[0]
                told = f"{first} at {shown.get(first)}, the store at {stored.get(first)}"
                found.append(f"process {number} shows {len(wrong)} vehicles elsewhere, such as {told}")
        return found

    def _connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        where = {"host": str(self._url.query["host"]), "user": self._url.username, "dbname": self._url.database}
        return psycopg.connect(**where, autocommit=True)  # type: ignore[arg-type]


def _ranges(senders: Iterable[Sender], since: "dict[str, int]") -> Iterator[tuple[str, int, int]]:
    for sender in senders:
        before = since.get(sender.terminal_id, 0)
        for part in sender.sent:
            first = max(part.first, before + 1)
            if part.acked >= first:
                yield sender.terminal_id, first, part.acked


def _lost_fixes(
    connection: "psycopg.Connection[tuple[Any, ...]]", senders: Sequence[Sender], ranges: Sequence[tuple[str, int, int]]
) -> list[str]:
    beat = senders[0].beat
    refused = {(sender.terminal_id, seq) for sender in senders for part in sender.sent for seq in part.refused}
    first = beat.time_of(min(first for _, first, _ in ranges)) - timedelta(seconds=1)
    last = beat.time_of(max(last for _, _, last in ranges)) + timedelta(seconds=1)
    columns = [list(column) for column in zip(*ranges, strict=True)]
    rows = connection.execute(_LOST_FIXES, [*columns, first, last, beat.began, beat.step]).fetchall()
    return [f"fix {seq} of {terminal_id}" for terminal_id, seq in rows if (terminal_id, seq) not in refused]


def _lost_commands(connection: "psycopg.Connection[tuple[Any, ...]]", commands: Sequence[Acked]) -> Iterator[str]:
    connection.execute("CREATE TEMP TABLE acked (case_id text, kinds text, match jsonb)")
    with connection.cursor() as cursor, cursor.copy("COPY acked FROM STDIN") as copy:
        for one in commands:
            copy.write_row((one.case_id, one.kind, msgspec.json.encode(one.match).decode()))
    connection.execute("ANALYZE acked")
    for kinds, match, case_id in connection.execute(_LOST_COMMANDS):
        yield f"{kinds} {match} of case {case_id}"


def _log_gaps(connection: "psycopg.Connection[tuple[Any, ...]]") -> Iterator[str]:
    for count, lowest, highest, counter in connection.execute(_LOG):
        if not (lowest == 1 and count == highest == counter):
            yield f"the log has {count} events from {lowest} to {highest}, its counter stands at {counter}"


def _texts(connection: "psycopg.Connection[tuple[Any, ...]]", query: str, *values: object) -> list[str]:
    return [str(text) for (text,) in connection.execute(query.encode(), values)]


def _few(findings: Sequence[str]) -> Iterator[str]:
    yield from findings[:SHOWN]
    if len(findings) > SHOWN:
        yield f"and {len(findings) - SHOWN} more like it"
