"""A whole service in this process, on a store of its own, with somebody signed in for each role."""

import logging
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog

sys.path.insert(0, str(Path(__file__).parent))

from gateway_house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House]:
    """Two dealers with a service vehicle each, D1 the nearer to `House.SCENE`, and a tow vehicle at D1."""
    async with open_house(tmp_path) as opened:
        await opened.furnish()
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """One furnished house for all tests of a module that change nothing in it."""
    async with open_house(tmp_path_factory.mktemp("house"), "shared") as opened:
        await opened.furnish()
        yield opened


@pytest.fixture
def restored_logs() -> Generator[None]:
    """Puts the logs of the whole process back as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
async def bare_house(tmp_path: Path) -> AsyncGenerator[House]:
    """A service with nobody and nothing on record but who signs in."""
    async with open_house(tmp_path) as opened:
        yield opened
