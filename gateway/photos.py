"""Photographs of a trip: taken in as pictures or not at all, and kept without what a camera adds about its owner."""

import hashlib
import io
import struct
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from PIL import Image
from sqlalchemy import Float, Integer, LargeBinary, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars, UtcTime
from core.database import Base, Database
from core.errors import Conflict, Invalid, NotFound

MOST = 40
"""Of one trip."""
MAX_BYTES = 1_000_000
_AT_ONCE = 50
"""So many are removed in one transaction."""
_MAX_PIXELS = 16_000_000
"""A phone's camera has 12 million, and the page sends far fewer; each takes up to twelve bytes while it is read."""
_MAX_SCANS = 100
"""Of a JPEG. A camera writes one, a progressive one has about ten, and each is read over all of the pixels."""
_SCAN = b"\xff\xda"
"""What begins a scan. Within one it cannot stand: there an FF is written as FF 00."""
_LONGEST_PX = 2_048
_QUALITY = 82
_JPEG = "JPEG"
_WITH_ANOTHER = "MPO"
"""How some phones' cameras write a JPEG with a second one behind it; the first one is the picture."""
_FORMATS = (_JPEG, "PNG", "WEBP")
_BROKEN = (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, EOFError, struct.error)
"""What the decoders raise for bytes that are no whole picture."""
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture upright, by how the camera says that it was held."""
MEDIA_TYPE = "image/jpeg"


class Phase(StrEnum):
    """Before the work, or after."""

    BEFORE = "before"
    AFTER = "after"


class Zone(StrEnum):
    """Which part of the car it shows."""

    FRONT = "front"
    REAR = "rear"
    LEFT = "left"
    RIGHT = "right"
    ROOF = "roof"
    INTERIOR = "interior"
    ODOMETER = "odometer"
    DAMAGE = "damage"
    OTHER = "other"


class TripPhoto(Base):
    """One photograph. `sent_sha256` is of the bytes as they came, `sha256` of those that are kept."""

    __tablename__ = "trip_photo"
    id: Mapped[str] = mapped_column(Chars, primary_key=True)
    trip_id: Mapped[str] = mapped_column(Chars, index=True)
    case_id: Mapped[str] = mapped_column(Chars)
    phase: Mapped[str] = mapped_column(Chars)
    zone: Mapped[str] = mapped_column(Chars)
    taken_at: Mapped[datetime | None] = mapped_column(UtcTime)
    lat: Mapped[float | None] = mapped_column(Float)
    lon: Mapped[float | None] = mapped_column(Float)
    sent_sha256: Mapped[str] = mapped_column(Chars)
    sha256: Mapped[str] = mapped_column(Chars)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    size: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(Chars)
    at: Mapped[datetime] = mapped_column(UtcTime)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is kept of what was sent."""

    content: bytes
    width: int
    height: int


def picture_of(sent: bytes) -> Picture:
    """Read `sent` as a still picture and write it anew: only its pixels are kept, upright, at most 2,048 wide or high.

    Raises `Invalid` for everything that is not a whole JPEG, PNG or WebP, is animated, or would take absurdly much
    room or work.
    """
    if len(sent) > MAX_BYTES:
        raise Invalid(f"a photograph has at most {MAX_BYTES} bytes", field="photo")
    try:
        with Image.open(io.BytesIO(sent), formats=_FORMATS) as opened:
            if opened.format in (_JPEG, _WITH_ANOTHER) and sent.count(_SCAN) > _MAX_SCANS:
                raise Invalid(f"a JPEG has at most {_MAX_SCANS} scans", field="photo")
            return _written_anew(opened)
    except _BROKEN as error:
        raise Invalid("that is not a JPEG, PNG or WebP picture, or it is broken", field="photo") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Invalid(f"a photograph has at most {_MAX_PIXELS // 1_000_000} million pixels", field="photo") from error


def _written_anew(opened: Image.Image) -> Picture:
    if opened.width * opened.height > _MAX_PIXELS:
        raise Invalid(f"a photograph has at most {_MAX_PIXELS // 1_000_000} million pixels", field="photo")
    if opened.format != _WITH_ANOTHER and getattr(opened, "is_animated", False):
        raise Invalid("a photograph does not move", field="photo")
    opened.load()
    # Pillow's own way upright writes the camera's words anew, and fails where a camera wrote them oddly.
    turn = _TURNS.get(opened.getexif().get(_ORIENTATION, 1))
    upright = (opened if turn is None else opened.transpose(turn)).convert("RGB")
    upright.thumbnail((_LONGEST_PX, _LONGEST_PX))
    written = io.BytesIO()
    upright.save(written, _JPEG, quality=_QUALITY, optimize=True)
    return Picture(content=written.getvalue(), width=upright.width, height=upright.height)


def sha256_of(content: bytes) -> str:
    """The hash that names the bytes."""
    return hashlib.sha256(content).hexdigest()


def photo_id(trip_id: str, client_id: str) -> str:
    """The photograph's id: the phone's own name for it within the trip, so that it may be sent twice."""
    return sha256_of(f"{trip_id}/{client_id}".encode())[:32]


async def known_photo(session: AsyncSession, identity: str, sent: bytes) -> TripPhoto | None:
    """The same sent before. Raises `Conflict` where other bytes came under this name."""
    known = await session.get(TripPhoto, identity)
    if known is not None and known.sent_sha256 != sha256_of(sent):
        raise Conflict("another photograph has this id", field="client_id")
    return known


async def check_room(session: AsyncSession, trip_id: str) -> None:
    """Refuse more than a trip may have. Raises `Invalid`."""
    count = await session.scalar(select(func.count()).where(TripPhoto.trip_id == trip_id))
    if (count or 0) >= MOST:
        raise Invalid(f"a trip has at most {MOST} photographs", field="photo")


async def photos_of(session: AsyncSession, trip_id: str) -> list[TripPhoto]:
    """A trip's photographs without their bytes, in the order that they came."""
    return list(await session.scalars(select(TripPhoto).where(TripPhoto.trip_id == trip_id).order_by(TripPhoto.at)))


async def forget_photos(db: Database, before: datetime) -> None:
    """Remove what came before that moment, a few at a time: each is up to a megabyte, and others are writing."""
    old = select(TripPhoto.id).where(TripPhoto.at < before).limit(_AT_ONCE)
    while True:
        async with db.write() as session:
            found = (await session.scalars(old)).all()
            await session.execute(delete(TripPhoto).where(TripPhoto.id.in_(found)))
        if len(found) < _AT_ONCE:
            return


async def photo(session: AsyncSession, identity: str) -> tuple[TripPhoto, bytes]:
    """One photograph with its bytes. Raises `NotFound`."""
    row = (await session.execute(select(TripPhoto, TripPhoto.content).where(TripPhoto.id == identity))).one_or_none()
    if row is None:
        raise NotFound("no such photograph")
    return row[0], row[1]
