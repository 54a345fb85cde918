"""Latent Explorer: `streamlit run app.py` opens it in the browser."""

from pages.ui.server import lifespan
import streamlit as st

app = st.App("pages/shell.py", lifespan=lifespan)
