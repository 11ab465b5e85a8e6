"""Tests in a real browser, against a real service process. Screenshots of every page go to `artefacts/screens`."""

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from playwright.sync_api import Page, expect
from stores import PRODUCTION
from town import Town, open_town

CHROMIUM = Path("/usr/bin/chromium")
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
DRAWN_MS = 600
"""A map is drawn after the page: a picture of it waits so long, and nothing is judged by it."""
SCREENS = Path(__file__).parents[2] / "artefacts" / "screens"

here = Path(__file__).parent
# Two browsers draw their maps by software on one machine: patience costs nothing where nothing fails.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if PRODUCTION:
                item.add_marker(pytest.mark.skip(reason="the screens are the same on either store"))
            elif not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed (scripts/servers)"))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium, drawing maps by software."""
    arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
    return {"executable_path": str(CHROMIUM), "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    """A desktop in Chinese; tests of the phone make contexts of their own."""
    return {"viewport": DESKTOP, "locale": "zh-CN", "timezone_id": "America/New_York"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Generator[Town]:
    """One furnished town for a module's tests."""
    with open_town(tmp_path_factory.mktemp("town")) as opened:
        yield opened


@pytest.fixture
def picture() -> Any:
    """Keeps a page's picture under a name."""

    def take(page: Page, name: str) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        if page.locator("canvas.maplibregl-canvas").count():
            page.wait_for_timeout(DRAWN_MS)
        # What slides or fades is shown as it will be.
        page.screenshot(path=SCREENS / f"{name}.png", animations="disabled")

    return take
