"""Shared set-up: bounded threads before any numerical library starts, and a workspace of the
tests' own.
"""

import atexit
import os
import shutil
import tempfile

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
# what is suggested for pictures is trained in a few seconds
os.environ.setdefault("LATENT_EXPLORER_MINUTES", "0.05")
os.environ.setdefault("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")
os.environ["LATENT_EXPLORER_HOME"] = tempfile.mkdtemp(prefix="latent-explorer-tests-")
atexit.register(shutil.rmtree, os.environ["LATENT_EXPLORER_HOME"], ignore_errors=True)

from journeys import CHROMIUM, browser, page, server  # noqa: E402, F401 - the fixtures of every test in a browser


@pytest.fixture(scope="session")
def finished_runs():
    """One finished run a kind of data, fitted once a session; tests take ``runs``."""
    from app_pages import KINDS, small_run

    return {kind: small_run(kind) for kind in KINDS}


@pytest.fixture(scope="module")
def runs(finished_runs):
    """One finished run a kind of data (PCA, VAE, LSA, PCA of 3 dimensions), with nothing mapped
    or kept by tests elsewhere.
    """
    from app_pages import untouched

    return {kind: untouched(run) for kind, run in finished_runs.items()}


@pytest.fixture(scope="session")
def fitted_digits():
    """PCA of the digits with 6 dimensions, fitted once a session; tests take ``digits_run``."""
    from app_pages import finished

    from lvm_core import DATASETS, MODELS

    return finished(DATASETS["digits"]().load(), MODELS["PCA"](latent_dim=6), 1)


@pytest.fixture(scope="module")
def digits_run(fitted_digits):
    """PCA of the digits with 6 dimensions; its maps ``PCA`` and ``PCA2`` are the plane,
    ``PCA3`` has three dimensions.
    """
    from app_pages import untouched

    from lvm_core import PROJECTIONS
    from lvm_core.mapping import map_codes

    run = untouched(fitted_digits)
    for name, dims in (("PCA", 2), ("PCA2", 2), ("PCA3", 3)):
        run.maps[name] = map_codes(run.fitted.codes, PROJECTIONS["PCA"](n_components=dims))
    return run


@pytest.fixture(scope="module")
def client():
    """The live routes on a server of their own."""
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from pages.api import routes

    with TestClient(Starlette(routes=routes.routes), base_url="http://127.0.0.1:8501") as client:
        yield client


def pytest_collection_modifyitems(items):
    """Files that mostly wait, for a browser or for processes that they start and kill, come
    first: another process works through the rest meanwhile.
    """
    driving = [item for item in items if item.get_closest_marker("browser")]
    for item in driving if CHROMIUM is None else ():
        item.add_marker(
            pytest.mark.skip(
                reason="no Chromium on this machine; install Debian's package chromium"
            )
        )
    waiting = {item.path for item in driving} | {
        item.path for item in items if item.path.name in ("test_fit_worker.py", "test_map_pool.py")
    }
    items.sort(key=lambda item: item.path not in waiting)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What a browser showed when its test failed, beside the failure."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")  # noqa: F811
    if report.failed and hasattr(page, "inner_text"):
        try:
            report.sections.append(
                (f"shown at {page.url}", page.inner_text("body", timeout=5000)[:4000])
            )
        except Exception as error:  # it may have crashed
            report.sections.append(("shown", f"nothing: {error}"))
    return report


@pytest.fixture
def small_limits(monkeypatch):
    """Sets single limits for one test."""
    import dataclasses

    from lvm_core import settings

    return lambda **sizes: monkeypatch.setattr(
        settings, "LIMITS", dataclasses.replace(settings.LIMITS, **sizes)
    )
