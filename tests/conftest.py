"""Shared set-up: bounded threads before any numerical library starts, and a workspace of the tests' own."""

import atexit
import os
import shutil
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")
os.environ["LATENT_EXPLORER_HOME"] = tempfile.mkdtemp(prefix="latent-explorer-tests-")
atexit.register(shutil.rmtree, os.environ["LATENT_EXPLORER_HOME"], ignore_errors=True)
