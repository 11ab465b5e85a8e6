"""An empty store, and the way to this room's builders."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stores import new_store

from core.database import Database

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(new_store(tmp_path))
    yield made
    await made.close()
