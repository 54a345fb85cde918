"""One decoder, two ways to move its code: the explorer's slider, and st.slider + fragment +
st.image.
"""

import numpy as np
import streamlit as st

from lvm_core import MODELS, PROJECTIONS
from lvm_core.datasets.pictures import image_dataset
from lvm_core.mapping import map_codes
from pages.session import maps, state
from pages.session import runs as starting
from pages.session.services import services
from pages.session.url import Place
from pages.ui.components.explorer import explorer

st.set_page_config(layout="wide")
side, colour, points = (
    int(st.query_params.get(k, v)) for k, v in (("side", 28), ("colour", 0), ("points", 1000))
)


@st.cache_resource
def fitted(side: int, colour: int, points: int) -> str:
    """A run with a convolutional VAE on moving discs; returns its id."""
    rng = np.random.RandomState(0)
    y, x = np.mgrid[:side, :side] / side
    centre, size = rng.uniform(0.2, 0.8, (points, 2)), rng.uniform(0.1, 0.3, points)
    discs = (
        np.hypot(x - centre[:, :1, None], y - centre[:, 1:, None]) < size[:, None, None]
    ).astype(np.float32)
    images = discs[..., None] * (
        rng.uniform(0.3, 1, (points, 1, 1, 3)).astype(np.float32) if colour else 0.9
    )
    dataset = image_dataset(images, "discs")
    run = state.Run(
        state.Data(dataset), MODELS["VAE"](latent_dim=8, epochs=2, network="conv"), number=1
    )
    run.job = starting.fit_job(run)
    run.job.wait(600)
    projection = PROJECTIONS["PCA"]()
    run.maps["PCA" + projection.cache_key()] = map_codes(run.fitted.codes, projection)
    services().runs.put(run)
    return run.id


run = services().runs.get(fitted(side, colour, points))
view, _, _ = maps.view(run, PROJECTIONS["PCA"]())
explorer(run, view, None, Place(), key="bench")


@st.fragment
def native():
    """What Streamlit offers without a component of our own."""
    value = st.slider("native", -3.0, 3.0, 0.0, 0.01, key="native")
    z = np.zeros((1, 8), np.float32)
    z[0, 0] = value
    picture = run.dataset.decode(run.fitted.model.inverse_transform(z))[0]
    with st.container(key="native-picture"):
        st.image((np.clip(picture, 0, 1) * 255).astype(np.uint8).squeeze(), width=160)


native()
