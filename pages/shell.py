"""The frame around every page, and the only place that lists the pages."""

from pathlib import Path

import streamlit as st

from pages.ui import frame, navigation
from pages.ui.components import address, identity

ASSETS = Path(__file__).parents[1] / "assets"

st.set_page_config("Latent Explorer", str(ASSETS / "icon.svg"), layout="wide")
page = st.navigation(
    [
        st.Page("home.py", title="Home", icon=":material/home:", default=True),
        st.Page("data.py", title="Data", icon=":material/upload_file:"),
        st.Page("train.py", title="Train", icon=":material/model_training:"),
        st.Page("map.py", title="Map", icon=":material/scatter_plot:"),
        st.Page("explore.py", title="Explore", icon=":material/tune:"),
        st.Page("generate.py", title="Generate", icon=":material/auto_awesome:"),
        st.Page("compare.py", title="Compare", icon=":material/leaderboard:"),
        st.Page("analyse.py", title="Analyse", icon=":material/query_stats:"),
        st.Page("models.py", title="Models", icon=":material/menu_book:"),
    ]
)
navigation.arrive(page.url_path)
st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "icon.svg"))
frame.style()
identity.require_login()
with st.sidebar:
    frame.status_card()
    identity.card()
    address.steps()
page.run()
