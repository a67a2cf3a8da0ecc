"""The tests of this folder share a browser and a server. Where there is no browser they are skipped, but not in CI."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab import Lab, chromium
from launched import start, variables  # noqa: F401
from playwright.sync_api import Browser
from served import backend, bury, register, site  # noqa: F401

from luffy_lesson.host.browser import find_browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process waits for the last one at the end."""
    items.sort(key=lambda item: "test_a_notebook_" not in item.name and "test_lesson_8_" not in item.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome, report.longrepr = "failed", f"Skipped, and in CI nothing may be: {report.longrepr[2]}"
    return report


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if find_browser() is None:
        pytest.skip("no Chromium or Chrome was found")
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture(scope="session")
def lab(browser: Browser) -> Iterator[Lab]:
    """JupyterLab as anybody starts it."""
    with Lab() as lab:
        yield lab


@pytest.fixture(scope="session")
def notebook_7(browser: Browser) -> Iterator[Lab]:
    """Notebook 7 as anybody starts it."""
    with Lab("notebook") as lab:
        yield lab


@pytest.fixture
def nothing_solved(lab: Lab) -> Iterator[None]:
    """The server is shared, and with it the progress: no test finds another's, and the first page shows what it has."""
    lab.forget_progress()
    yield
    lab.forget_progress()


@pytest.fixture
def jupyter(request: pytest.FixtureRequest) -> Lab:
    """One of these two, whose name is the parameter."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def picture(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Path]:
    """Where the screenshot of this name goes."""
    folder = Path(os.environ.get("LUFFY_SCREENSHOTS") or tmp_path).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return lambda name: folder / f"{name}.png"
