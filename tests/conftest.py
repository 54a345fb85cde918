"""Shared set-up: bounded threads before any numerical library starts, and a workspace of the tests' own."""

import atexit
import os
import shutil
import tempfile

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")
os.environ["LATENT_EXPLORER_HOME"] = tempfile.mkdtemp(prefix="latent-explorer-tests-")
atexit.register(shutil.rmtree, os.environ["LATENT_EXPLORER_HOME"], ignore_errors=True)

from journeys import CHROMIUM, browser, page, server  # noqa: E402, F401 - the fixtures of every test in a browser


def pytest_collection_modifyitems(items):
    """Files that mostly wait, for a browser or for processes that they start and kill, come first: another process works through the rest meanwhile."""
    driving = [item for item in items if item.get_closest_marker("browser")]
    for item in driving if CHROMIUM is None else ():
        item.add_marker(pytest.mark.skip(reason="no Chromium on this machine; install Debian's package chromium"))
    waiting = {item.path for item in driving} | {item.path for item in items if item.path.name in ("test_fit_worker.py", "test_map_pool.py")}
    items.sort(key=lambda item: item.path not in waiting)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What a browser showed when its test failed, beside the failure."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and hasattr(page, "inner_text"):
        try:
            report.sections.append((f"shown at {page.url}", page.inner_text("body", timeout=5000)[:4000]))
        except Exception as error:      # it may have crashed
            report.sections.append(("shown", f"nothing: {error}"))
    return report
