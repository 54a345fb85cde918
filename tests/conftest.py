"""Shared set-up: bounded threads before any numerical library starts, and a workspace of the tests' own."""

import atexit
import os
import shutil
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")
os.environ["LATENT_EXPLORER_HOME"] = tempfile.mkdtemp(prefix="latent-explorer-tests-")
atexit.register(shutil.rmtree, os.environ["LATENT_EXPLORER_HOME"], ignore_errors=True)


def pytest_collection_modifyitems(items):
    """Files that drive a browser come first: they mostly wait, and another process works through the rest meanwhile."""
    waiting = {item.path for item in items if item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in waiting)
