"""The truth beside the map: its questions and its panel."""

import json
import struct

import numpy as np
import pytest
from app_pages import ROOT
from scipy.spatial.distance import cdist
from streamlit.testing.v1 import AppTest
from waiting import until

from lvm_core import PROJECTIONS
from lvm_core.latent.distances import LEVELS
from lvm_core.mapping import map_codes
from lvm_core.metrics.maps import trust as module
from pages.api import auth, tiles
from pages.api import trust as truth
from pages.session import maps


@pytest.fixture(scope="module")
def run(digits_run):
    return digits_run


def ask(client, run, route, status=200, **query):
    answer = client.get(f"/live/{route}", params={"t": auth.sign(run.id), "map": "PCA2", **query})
    assert answer.status_code == status, answer.text
    if status != 200:
        return answer.text, b""
    length = struct.unpack("<I", answer.content[:4])[0]
    return json.loads(answer.content[4 : 4 + length]), answer.content[4 + length :]


def trusted(client, run, **query):
    """The answer once the map is measured."""

    def measured():
        head, data = ask(client, run, "trust", **query)
        if head["ready"]:
            return head, np.frombuffer(data, np.uint8)
        assert 0 <= head["fraction"] <= 1 and head["job"] in run.jobs.trust and not data
        return None

    return until(measured)


def test_every_point_has_a_byte_in_drawn_order(client, run):
    head, kept = trusted(client, run, what="kept", k=30)
    trust, order = truth.measured(run, "PCA2"), tiles.order(1797)
    assert (
        head["k"] == 30
        and head["ks"] == [10, 30, 100]
        and head["measured"] == head["of"] == 1797
        and head["mean"] == pytest.approx(trust.point("kept", 30).mean())
    )
    assert np.abs(kept / LEVELS - trust.point("kept", 30)[order]).max() <= 0.5 / LEVELS + 1e-6
    _, false = trusted(client, run, what="false", k=10)
    _, torn = trusted(client, run, what="torn", k=10)
    assert (
        np.corrcoef(false, 1 - trust.point("trust", 10)[order])[0, 1] > 0.95
        and np.corrcoef(torn, 1 - trust.point("continuity", 10)[order])[0, 1] > 0.95
    )
    head, way = trusted(client, run, what="way", k=10)
    assert sum(head["counts"]) == 1797 and np.bincount(way, minlength=4).tolist() == head["counts"]
    assert ((way & 1) == (trust.point("trust", 10)[order] < 0.9)).all() and (
        (way >> 1) == (trust.point("continuity", 10)[order] < 0.9)
    ).all()
    assert trusted(client, run, k=29)[0]["k"] == 30  # the nearest there is
    for wrong in ({"what": "mood"}, {"k": 0}, {"k": "x"}):
        ask(client, run, "trust", status=400, **wrong)
    ask(client, run, "trust", status=404, map="none")


def test_what_was_measured_stays_with_the_map(client, run):
    trusted(client, run)
    trust = truth.measured(run, "PCA2")
    truth.forget(run, "PCA2")
    again = truth.measured(run, "PCA2")
    assert again is not trust and np.array_equal(again.points, trust.points)
    damaged = truth._folder(run, "PCA2") / "trust.json"
    damaged.write_text("{")
    truth.forget(run, "PCA2")
    assert truth.measured(run, "PCA2") is None
    trusted(client, run)
    assert json.loads(damaged.read_text())["n"] == 1797
    before, run.maps["PCA2"] = (
        run.maps["PCA2"],
        map_codes(run.fitted.codes[:, ::-1].copy(), PROJECTIONS["PCA"]()),
    )
    assert truth.measured(run, "PCA2") is None  # another map under the same name
    run.maps["PCA2"] = before


def test_beyond_the_limit_the_others_take_the_colour_of_the_nearest_measured(
    client, run, monkeypatch
):
    monkeypatch.setattr(module, "ALL_ROWS", 900)
    monkeypatch.setattr(truth, "measured_rows", module.measured_rows)
    run.maps["Few"] = run.maps["PCA2"]
    head, values = trusted(client, run, map="Few")
    trust, P = truth.measured(run, "Few"), run.maps["Few"].positions
    assert head["measured"] == 450 < head["of"] == 1797
    nearest = cdist(P, P[trust.rows]).argmin(1)
    # a tie or two
    assert (
        np.mean(values == np.rint(trust.point("kept", 10)[nearest] * LEVELS)[tiles.order(1797)])
        > 0.999
    )


def test_a_map_of_the_data_is_measured_against_the_data(client, run):
    run.maps["PCAOfData"] = run.maps["PCA2"]
    trusted(client, run, map="PCAOfData")
    with_data, with_codes = (
        truth.measured(run, "PCAOfData"),
        truth.measured(run, "PCA2") or trusted(client, run) and truth.measured(run, "PCA2"),
    )
    assert set(with_data.numbers) == {"map"} and with_data.numbers["map"][
        "kept@10"
    ] == pytest.approx(with_codes.numbers["whole"]["kept@10"], abs=1e-6)
    assert (
        ask(client, run, "near", map="PCAOfData", row=3)[0]["of"] == "the data"
        and ask(client, run, "near", row=3)[0]["of"] == "code space"
    )


def test_true_nearness_to_one_point(client, run):
    head, data = ask(client, run, "near", row=75)
    values, Z = np.frombuffer(data, np.uint8), run.fitted.codes
    nearest = np.argsort(cdist(Z[[75]], Z)[0])
    assert (
        head["m"] == head["n"] == 1797
        and values[tiles.place(1797)[nearest[:3]]].min() >= LEVELS - 30
        and values[tiles.place(1797)[nearest[-1]]] == 0
    )
    # few points are all answered at once
    assert ask(client, run, "near", row=75, quick=1)[1] == data
    for row in (-1, 1797, "x"):
        ask(client, run, "near", status=400, row=row)


def test_true_neighbours_and_false_friends(client, run):
    head, _ = ask(client, run, "friends", row=75, k=10)
    Z, P = run.fitted.codes.astype(float), run.maps["PCA2"].positions.astype(float)
    true, on_map = (np.argsort(np.argsort(cdist(A[[75]], A)[0])) for A in (Z, P))
    assert [f["row"] for f in head["true"]] == np.argsort(true)[1:11].tolist() and [
        f["row"] for f in head["map"]
    ] == np.argsort(on_map)[1:11].tolist()
    for friend in head["true"]:
        assert (
            friend["rank"] == true[friend["row"]]
            and friend["other"] == on_map[friend["row"]]
            and tiles.order(1797)[friend["place"]] == friend["row"]
            and friend["name"]
        )
    for friend in head["map"]:
        assert friend["rank"] == on_map[friend["row"]] and friend["other"] == true[friend["row"]]
    trusted(client, run)
    point = ask(client, run, "friends", row=75, k=10)[0]["point"]
    assert point["kept"] == pytest.approx(np.mean([f["other"] <= 10 for f in head["true"]]))


def test_cosine_maps_know_cosine_neighbours(client, run):
    run.maps["Cosine"] = type(run.maps["PCA2"])(
        PROJECTIONS["UMAP"](metric="cosine"), run.maps["PCA2"].positions, [], ""
    )
    head, _ = ask(client, run, "friends", map="Cosine", row=5, k=5)
    Z = run.fitted.codes
    assert [f["row"] for f in head["true"]] == np.argsort(cdist(Z[[5]], Z, "cosine")[0])[
        1:6
    ].tolist()


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
def test_the_panel_shows_every_number(runs, kind):
    made = runs[kind]
    made.maps[maps.key_of(PROJECTIONS["PCA"]())] = map_codes(
        made.fitted.codes, PROJECTIONS["PCA"]()
    )
    assert truth.measuring(made, maps.key_of(PROJECTIONS["PCA"]())).wait(60)
    app = AppTest.from_file(str(ROOT / "pages/shell.py"), default_timeout=60)
    app.query_params["run"] = made.id
    # before a finer map is begun
    app.session_state[f"projection-{made.id}"], app.session_state[f"panel-{made.id}"] = (
        "PCA",
        "trust",
    )
    app.run()
    app.switch_page("map.py").run()
    assert not app.exception
    names = [metric.label for metric in app.metric]
    assert {
        "Trustworthiness",
        "Continuity",
        "Neighbours kept",
        "Random triplets",
        "Neighbourhoods of all sizes",
    } <= set(names)
    assert ("Label from the neighbours" in names) == (made.dataset.targets() is not None)
    table = next(frame.value for frame in app.dataframe if "map of the codes" in frame.value)
    assert (
        list(table.columns)
        == ["map of the codes", "codes of the rows", "map of the rows", "by chance"]
        and table.notna().all().all()
        and len(table) >= 7
    )
    assert any("Measured on all" in caption.value for caption in app.caption)
