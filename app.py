"""Latent Explorer: `streamlit run app.py` opens it in the browser."""

import streamlit as st

from pages.ui.live import routes
from pages.ui.server import lifespan

app = st.App("pages/shell.py", routes=routes, lifespan=lifespan)
