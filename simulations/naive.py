"""The service that anyone would write first: FastAPI, Pydantic, and an insert and a commit for each fix.

    python -m simulations.naive --port N --database URL

It is durable and it is simple, and it judges nothing. The product is measured against it.
"""

import argparse
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Literal

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import DateTime
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.storeurl import is_embedded, read_url


class Base(DeclarativeBase):
    """Tables of its own."""


class FixRow(Base):
    """One fix in the store."""

    __tablename__ = "naive_fix"
    terminal_id: Mapped[str] = mapped_column(primary_key=True)
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    lat: Mapped[float]
    lon: Mapped[float]
    speed_mps: Mapped[float | None]
    course_deg: Mapped[float | None]
    accuracy_m: Mapped[float | None]


class Fix(BaseModel):
    """One fix, as it was sent."""

    seq: int
    time: datetime
    lat: float
    lon: float
    speed_mps: float | None = None
    course_deg: float | None = None
    accuracy_m: float | None = None


class SingleFix(Fix):
    """A frame with one fix."""

    type: Literal["fix"]


class ManyFixes(BaseModel):
    """A frame with many."""

    type: Literal["fixes"]
    items: list[Fix]


_FRAME: TypeAdapter[SingleFix | ManyFixes] = TypeAdapter(SingleFix | ManyFixes)


def create_app(database: str) -> FastAPI:
    """The service on this store."""
    url = read_url(database)
    embedded = is_embedded(url)
    # SQLite takes one writer at a time: a second connection would only wait for the first.
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite") if embedded else url, pool_size=1 if embedded else 10, max_overflow=0
    )
    sessions = async_sessionmaker(engine)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncGenerator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=life)

    @app.websocket("/terminals/{terminal_id}")
    async def terminal(  # pyright: ignore[reportUnusedFunction]
        websocket: WebSocket, terminal_id: str
    ) -> None:
        await websocket.accept()
        try:
            while True:
                frame = _FRAME.validate_python(await websocket.receive_json())
                fixes = frame.items if isinstance(frame, ManyFixes) else [frame]
                for fix in fixes:
                    async with sessions() as session:
                        session.add(FixRow(terminal_id=terminal_id, **fix.model_dump(exclude={"type"})))
                        await session.commit()
                await websocket.send_text(f'{{"type":"ack","seq":{fixes[-1].seq}}}')
        except WebSocketDisconnect:
            return

    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m simulations.naive", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    options = parser.parse_args(arguments)
    uvicorn.run(
        create_app(options.database),
        port=options.port,
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        lifespan="on",
    )


if __name__ == "__main__":
    main()
