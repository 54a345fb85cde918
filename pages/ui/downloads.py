"""New items as files, in the form the data came in."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.export import encode
from lvm_core.text import markdown as md

SIDE, MOST = 128, 50_000_000  # pixels of a picture on the sheet at least; of the sheet


def enlarged(pictures) -> int:
    """How many times the pixels of small pictures (n, h, w, c) are repeated on a sheet of them."""
    n, h, w = pictures.shape[:3]
    return max(1, min(SIDE // h, int(np.sqrt(MOST / (n * (h + 2) * (w + 2))))))


def downloads(
    dataset, codes, X, made, provenance: dict, stem: str, rows: tuple | None = None
) -> None:
    """A button a form; ``made`` are the items of rows X, decoded from ``codes``. ``provenance``
    (plain JSON) says how, and goes along. ``rows``: the pictures of the sheet, so many in a row.
    """

    def frame() -> pd.DataFrame:
        if dataset.kind == "table":
            return made
        return pd.DataFrame(
            {"words": [" ".join(t for t, _ in item) for item in made]}
            if dataset.kind == "text"
            else np.asarray(made).reshape(len(made), -1)
        )

    arrays = (
        {"codes": codes, "X": X}
        if dataset.kind in ("text", "table")
        else {"codes": codes, "items": np.asarray(made)}
    )
    with st.container(horizontal=True):  # each file is made when it is asked for
        if dataset.kind == "image":
            # tiny pictures are enlarged on the sheet, never in the zip
            sheet, columns = rows or (made, None)
            scale = enlarged(sheet)
            st.download_button(
                "PNG sheet",
                lambda: encode.png_sheet(sheet, columns=columns, upscale=scale),
                f"{stem}.png",
                "image/png",
                icon=":material/image:",
                on_click="ignore",
            )
            st.download_button(
                "ZIP of PNGs",
                lambda: encode.zip_of_pngs(made),
                f"{stem}.zip",
                "application/zip",
                icon=":material/folder_zip:",
                on_click="ignore",
            )
        else:
            st.download_button(
                "CSV" + (" in the original columns" if dataset.kind == "table" else ""),
                lambda: encode.csv_bytes(frame()),
                f"{stem}.csv",
                "text/csv",
                icon=":material/table:",
                on_click="ignore",
            )
        st.download_button(
            "NPZ",
            lambda: encode.npz_bytes(**arrays, made=np.array(json.dumps(provenance))),
            f"{stem}.npz",
            "application/octet-stream",
            icon=":material/data_array:",
            on_click="ignore",
        )
    st.caption(
        "NPZ holds the codes, the decoded arrays and what made them; open it with numpy.load. "
        + md(" · ".join(f"{k} {v}" for k, v in provenance.items()), 300)
    )
