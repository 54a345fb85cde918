"""The server of the latency benchmark: our routes beside a page that does the same with native
widgets.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[2]))

import streamlit as st

from pages.api import (
    routes,
    scripts,
)
from pages.streamlit_patches import answer_at_once

answer_at_once()
app = st.App("page.py", routes=[*scripts.routes, *routes.routes])
