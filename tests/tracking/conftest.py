"""An empty store."""

import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from stores import new_store

from core.database import Database

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
async def db(tmp_path: Path) -> AsyncGenerator[Database]:
    database = Database(new_store(tmp_path))
    yield database
    await database.close()
