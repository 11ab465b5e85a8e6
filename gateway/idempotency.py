"""`Idempotency-Key`: a write that is sent twice is done once, and answered the same both times.

The answer is kept in the transaction that did the work, so there is no moment with one and not the other.
Whoever asks under the same key meanwhile waits for that transaction's end, and finds its answer.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars, UtcTime
from core.database import Base
from core.errors import Conflict, Invalid
from core.turns import take_turn

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT = timedelta(hours=48)
MAX_KEY = 200


class IdempotentAnswer(Base):
    """What was answered to one user's request under one key."""

    __tablename__ = "idempotent_answer"
    user: Mapped[str] = mapped_column(Chars, primary_key=True)
    key: Mapped[str] = mapped_column(Chars, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(Chars)
    status: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """One keyed request: whose, under which key, and what exactly was asked."""

    user: str
    key: str
    fingerprint: str


def once(user: str, key: str, method: str, path: str, body: bytes) -> Once:
    """Name a keyed request. Raises `Invalid` for a key that is empty, too long or not printable."""
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise Invalid(f"an {HEADER} has 1 to {MAX_KEY} printable characters", field=HEADER)
    content = hashlib.sha256(body).hexdigest()
    asked = hashlib.sha256(f"{method} {path}\n{content}".encode()).hexdigest()
    return Once(user=user, key=key, fingerprint=asked)


async def answer_before(session: AsyncSession, request: Once) -> tuple[int, bytes] | None:
    """The kept status and body. Raises `Conflict` when the key was used for something else."""
    await take_turn(session, f"idempotency {request.user} {request.key}")
    row = await session.get(IdempotentAnswer, (request.user, request.key))
    if row is None:
        return None
    if row.fingerprint != request.fingerprint:
        raise Conflict(f"this {HEADER} was used for another request", field=HEADER)
    return row.status, row.body


async def keep_answer(session: AsyncSession, request: Once, status: int, body: bytes, now: datetime) -> None:
    """Keep the answer beside the work, in the same transaction."""
    session.add(
        IdempotentAnswer(
            user=request.user,
            key=request.key,
            fingerprint=request.fingerprint,
            status=status,
            body=body,
            at=now,
        )
    )
    await session.flush()


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """Forget the answers that were kept long enough."""
    await session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.at < now - KEPT))
