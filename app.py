"""Latent Explorer: `streamlit run app.py` opens it in the browser."""

import os

# Before torch is imported: OpenMP threads that outnumber free cores wait for each other in a busy
# loop. The digits VAE takes
# 7 s on one thread, and took over 100 s on two threads of a two-core machine that had other work.
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from lvm_core.settings import check_environment
from pages.streamlit_patches import answer_at_once, check_version, keep_clicks

try:
    check_environment()
    check_version()
except ValueError as error:
    raise SystemExit(str(error)) from None  # a sentence for whoever starts the server

import streamlit as st

from pages.api import cookies, originals, routes, scripts, training, uploads
from pages.api.csp import middleware
from pages.api.lifespan import lifespan

answer_at_once()
keep_clicks()
app = st.App(
    "pages/shell.py",
    routes=[
        *scripts.routes,
        *routes.routes,
        *training.routes,
        *cookies.routes,
        *uploads.routes,
        *originals.routes,
    ],
    lifespan=lifespan,
    middleware=middleware,
)
