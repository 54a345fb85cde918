"""Codecs: what goes in comes out, in its own type and range."""

import binascii
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvm_core import DataError
from lvm_core.codecs import CODECS, codec_from_json
from lvm_core.codecs.array import ArrayCodec
from lvm_core.codecs.image import ImageCodec
from lvm_core.codecs.table import TableCodec
from lvm_core.codecs.text import TextCodec


def saved(codec):
    return codec_from_json(json.loads(json.dumps(codec.to_json())))


def test_one_codec_a_kind():
    assert set(CODECS) == {"image", "table", "text", "array"}


# -- tables ----------------------------------------------------------------------------------------

N = 12
gaps = st.lists(st.booleans(), min_size=N, max_size=N)


def column(values):
    return st.lists(values, min_size=N, max_size=N)


numbers = column(st.floats(-1e6, 1e6, width=32)).map(lambda v: pd.Series(v, dtype=float))
whole = column(st.integers(-20_000, 20_000)).map(lambda v: pd.Series(v, dtype="int64"))
nullable = st.tuples(column(st.integers(-500, 500)), gaps).map(
    lambda p: pd.Series([None if g else v for v, g in zip(*p)], dtype="Int64")
)
gappy = st.tuples(column(st.floats(-100, 100, width=16)), gaps).map(
    lambda p: pd.Series([np.nan if g else v for v, g in zip(*p)], dtype=float)
)
truths = column(st.booleans()).map(lambda v: pd.Series(v, dtype=bool))
maybe = st.tuples(column(st.booleans()), gaps).map(
    lambda p: pd.Series([None if g else v for v, g in zip(*p)], dtype="boolean")
)
words = st.tuples(
    column(st.sampled_from(["red", "green", "blau", "", "été", "(other)", "1"])), gaps
).map(lambda p: pd.Series([None if g else v for v, g in zip(*p)], dtype="str"))
categories = column(st.sampled_from(["lo", "mid", "hi", None])).map(
    lambda v: pd.Series(pd.Categorical(v, ["lo", "mid", "hi", "never"], ordered=True))
)
days = st.tuples(
    column(st.dates(pd.Timestamp("1900-01-01").date(), pd.Timestamp("2100-01-01").date())), gaps
).map(
    lambda p: pd.Series(
        pd.to_datetime([None if g else pd.Timestamp(v) for v, g in zip(*p)])
    ).astype("datetime64[us]")
)
minutes = column(st.integers(0, 60 * 24 * 300)).map(
    lambda v: pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(v, "min")).astype(
        "datetime64[us]"
    )
)
frames = st.lists(
    st.one_of(numbers, whole, nullable, gappy, truths, maybe, words, categories, days, minutes),
    min_size=1,
    max_size=6,
).map(lambda columns: pd.DataFrame({f"c{i}": s for i, s in enumerate(columns)}))


@settings(max_examples=80, deadline=None)
@given(frames)
def test_a_table_comes_back(frame):
    codec = saved(TableCodec.of(frame))
    X = codec.encode(frame)
    assert X.dtype == np.float32 and X.shape == (N, codec.schema.d) and np.isfinite(X).all()
    back = codec.decode(X)
    for name in frame:
        spread = (
            np.ptp(frame[name].dropna().astype(float))
            if frame[name].dtype.kind in "fiu" and frame[name].notna().any()
            else 0
        )
        pd.testing.assert_series_equal(
            back[name], frame[name], rtol=0, atol=1e-5 * spread + 1e-9, check_names=False
        )


@settings(max_examples=40, deadline=None)
@given(frames, st.integers(0, 99))
def test_any_row_decodes_into_what_can_exist(frame, seed):
    codec = TableCodec.of(frame)
    back = codec.decode(np.random.default_rng(seed).normal(0, 5, (7, codec.schema.d)))
    assert list(back.columns) == list(frame.columns) and len(back) == 7
    for name in frame:
        seen, got = frame[name].dropna(), back[name].dropna()
        assert back[name].dtype == frame[name].dtype
        assert frame[name].isna().any() or back[name].notna().all()
        if len(got) and seen.dtype.kind in "fiuM":
            assert got.min() >= seen.min() and got.max() <= seen.max()
        elif "bool" not in str(seen.dtype):
            assert set(got) <= set(seen)


def test_blocks_tell_the_likelihoods():
    frame = pd.DataFrame(
        {"x": [1.5, 2.5, np.nan], "k": [1, 2, 3], "b": [True, False, True], "w": ["u", "v", None]}
    )
    blocks = [(b.likelihood, b.size, b.name) for b in TableCodec.of(frame).schema.groups]
    assert blocks == [
        ("gaussian", 1, "x"),
        ("bernoulli", 1, "x (missing)"),
        ("gaussian", 1, "k"),
        ("bernoulli", 1, "b"),
        ("categorical", 3, "w"),
    ]
    X = TableCodec.of(frame).encode(frame)
    # the gap sits at the mean
    assert X[:, 0].sum() == pytest.approx(0, abs=1e-6) and X[:, 0].std() == pytest.approx(
        np.sqrt(2 / 3), abs=1e-6
    )
    assert X[2, 1] == 1 and (X[:, 4:].sum(1) == 1).all()


def test_rare_levels_become_other_and_numbers_can_be_categories():
    frame = pd.DataFrame(
        {"w": [f"w{i // 2 if i < 6 else i}" for i in range(20)], "k": [i % 3 for i in range(20)]}
    )
    codec = saved(TableCodec.of(frame, {"k": "categorical"}, max_levels=3))
    back = codec.decode(codec.encode(frame))
    assert codec.columns[0].labels == ["w0", "w1", "w2", "(other)"]
    assert back["w"].tolist() == ["w0", "w0", "w1", "w1", "w2", "w2"] + ["(other)"] * 14
    assert back["k"].tolist() == frame["k"].tolist() and back["k"].dtype == "int64"


def test_time_zones_durable_types_and_names_survive():
    frame = pd.DataFrame(
        {
            7: pd.date_range("2024-03-30 12:30", periods=4, freq="D", tz="Europe/Berlin").astype(
                "datetime64[us, Europe/Berlin]"
            ),
            "u": np.array([0, 255, 3, 4], np.uint8),
            "f": np.array([0.1, 0.2, 0.3, 0.4], np.float32),
            "big": [10**15, 10**15 + 900, 10**15 + 5, 10**15 + 6],
            "o": pd.Series([True, None, False, True], dtype=object),
            "c": pd.Categorical([3, 1, 3, 1]),
        }
    )
    codec = saved(TableCodec.of(frame))
    pd.testing.assert_frame_equal(codec.decode(codec.encode(frame)), frame, rtol=1e-6)


def test_huge_tiny_and_constant_numbers():
    frame = pd.DataFrame(
        {"huge": [1e300, -1e300, 5e299], "tiny": [1e-300, 2e-300, 3e-300], "same": [4.0, 4.0, 4.0]}
    )
    codec = TableCodec.of(frame)
    X = codec.encode(frame)
    assert np.isfinite(X).all() and np.abs(X).max() < 10
    pd.testing.assert_frame_equal(codec.decode(X), frame, rtol=1e-5)


def test_columns_show_their_values():
    frame = pd.DataFrame(
        {
            "price": [1000.25, 2000.5, np.nan],
            "day": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-21"]),
            "b": [True, False, True],
        }
    )
    price, day, b = TableCodec.of(frame).columns
    assert (price.show(1500.5), price.show(np.nan), price.fraction(1500.375), price.ends()) == (
        "1,500.50",
        "(missing)",
        0.5,
        ("1,000.25", "2,000.50"),
    )
    assert (
        day.show(pd.Timestamp("2024-01-11")),
        day.fraction(pd.Timestamp("2024-01-11")),
        day.ends(),
    ) == ("2024-01-11", 0.5, ("2024-01-01", "2024-01-21"))
    assert (
        b.show(False) == "no" and b.fraction(True) is None and price.missing == pytest.approx(1 / 3)
    )


def test_numbers_come_back_at_the_resolution_seen():
    codec = TableCodec.of(pd.DataFrame({"carat": [0.23, 0.31, 1.5, 2.25]}))
    carats = codec.decode(np.random.default_rng(0).normal(size=(50, 1)))["carat"]
    assert (carats.round(2) == carats).all() and carats.nunique() > 10


def test_a_table_codec_says_what_is_wrong():
    codec = TableCodec.of(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
    with pytest.raises(DataError, match="no column 'b'"):
        codec.encode(pd.DataFrame({"a": [1]}))
    with pytest.raises(DataError, match="two columns are called 'a'"):
        TableCodec.of(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(ValueError, match="2 values"):
        codec.decode(np.zeros((3, 5)))
    strange = TableCodec.of(pd.DataFrame({"w": ["u", "v"]})).encode(
        pd.DataFrame({"w": ["never seen"]})
    )
    assert strange.tolist() == [[0.5, 0.5]]


# -- pictures --------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 4),
    st.integers(1, 6),
    st.integers(1, 6),
    st.sampled_from([1, 3]),
    st.integers(0, 9),
)
def test_pictures_come_back(n, h, w, c, seed):
    pictures = np.random.default_rng(seed).random((n, h, w, c), dtype=np.float32)
    codec = saved(ImageCodec.of(pictures))
    assert codec.schema.image == (h, w, c) and codec.encode(pictures).shape == (n, h * w * c)
    np.testing.assert_array_equal(codec.decode(codec.encode(pictures)), pictures)


def test_pictures_of_0_and_1_are_bernoulli():
    pictures = np.random.default_rng(0).integers(0, 2, (1500, 2, 2, 1)).astype(np.float32)
    assert ImageCodec.of(pictures).schema.groups[0].likelihood == "bernoulli"
    pictures[-1, 0, 0] = 0.5
    assert ImageCodec.of(pictures).schema.groups[0].likelihood == "gaussian"


def test_pictures_are_scaled_clipped_and_checked():
    codec = ImageCodec(2, 2, 1)
    assert codec.encode(np.full((1, 2, 2), 255, np.uint8)).tolist() == [[1, 1, 1, 1]]
    assert codec.decode([[-1, 0.5, 1, 9]]).ravel().tolist() == [0, 0.5, 1, 1]
    with pytest.raises(DataError, match=r"\(1, 3, 2, 1\), expected \(n, 2, 2, 1\)"):
        codec.encode(np.zeros((1, 3, 2, 1)))
    with pytest.raises(DataError, match="between 0 and 7"):
        codec.encode(np.array([[[0.0, 7.0], [0, 0]]]))


# -- arrays ----------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(
    st.integers(2, 20),
    st.integers(1, 8),
    st.floats(-1e5, 1e5),
    st.floats(1e-3, 1e5),
    st.integers(0, 9),
)
def test_vectors_come_back(n, d, centre, spread, seed):
    vectors = np.random.default_rng(seed).normal(centre, spread, (n, d))
    codec = saved(ArrayCodec.of(vectors, axis=np.arange(d) / 3, axis_label="s"))
    np.testing.assert_allclose(
        codec.decode(codec.encode(vectors)), vectors, rtol=1e-6, atol=1e-5 * spread
    )
    assert codec.axis_label == "s" and codec.axis.tolist() == (np.arange(d) / 3).tolist()


def test_vectors_share_a_scale_unless_their_units_differ():
    even = np.random.default_rng(0).normal(0, [1, 5, 20], (500, 3))
    assert np.ptp(ArrayCodec.of(even).scale) == 0
    X = ArrayCodec.of(even * [1, 1, 100]).encode(even * [1, 1, 100])
    np.testing.assert_allclose(X.std(0), 1, rtol=1e-5)


def test_an_array_codec_says_what_is_wrong():
    codec = ArrayCodec.of(np.eye(3))
    with pytest.raises(DataError, match=r"\(2, 4\), expected \(n, 3\)"):
        codec.encode(np.zeros((2, 4)))
    with pytest.raises(DataError, match="NaN"):
        codec.encode([[1, 2, np.nan]])


# -- text ------------------------------------------------------------------------------------------

SENTENCES = ["The cat sat on the mat", "The dog barked at the cat", "The cat chased the mouse"]


def test_small_corpora_match_scikit_learn():
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

    codec, X, notes = TextCodec.of(SENTENCES)
    assert codec.terms == TfidfVectorizer().fit(SENTENCES).get_feature_names_out().tolist()
    np.testing.assert_array_equal(X.toarray(), CountVectorizer().fit_transform(SENTENCES).toarray())
    np.testing.assert_array_equal(saved(codec).encode(SENTENCES).toarray(), X.toarray())
    assert X.dtype == np.float32 and codec.schema.groups[0].likelihood == "counts"


def test_large_english_corpora_drop_rare_and_function_words():
    documents = [f"{s} and number{i}" for i, s in enumerate(SENTENCES * 30)]
    codec, X, notes = TextCodec.of(documents)
    assert "the" not in codec.terms and "number3" not in codec.terms and "cat" in codec.terms
    assert any("in at least 2 documents" in note for note in notes) and any(
        "function words" in note for note in notes
    )
    kept = TextCodec.of(documents, stop_words="none", min_df=1, max_terms=5)[0]
    assert "the" in kept.terms and len(kept.terms) == 5
    assert "der" in TextCodec.of(["der Hund und die Katze sind im Haus"] * 60)[0].terms


def test_decoding_gives_the_heaviest_terms():
    codec = TextCodec(["ant", "bee", "cat"])
    assert codec.decode([[0.5, 2, 0], [0, -1, 0]]) == [[("bee", 2.0), ("ant", 0.5)], []]
    assert codec.decode([[3, 2, 1]], n_terms=1) == [[("ant", 3.0)]]
    assert codec.encode(["bee bee dog", None, float("nan")]).toarray().tolist() == [
        [0, 2, 0],
        [0, 0, 0],
        [0, 0, 0],
    ]
    with pytest.raises(DataError, match="list of documents"):
        codec.encode("bee")


def test_contractions_are_one_term_and_numbers_are_none():
    documents = ["I don't know, they didn\u2019t say: the dog's 1984 mp3 of qu'il", "don't 34u dog"]
    codec, X, notes = TextCodec.of(documents)
    assert codec.terms == sorted(
        ["don't", "know", "they", "didn't", "say", "the", "dog", "mp3", "of", "qu", "il"]
    )
    assert X[:, codec.terms.index("dog")].toarray().ravel().tolist() == [1, 1]
    assert any("2 numbers and terms that digits begin were left out" in note for note in notes)
    assert "1984" in TextCodec.of(documents, numbers=True)[0].terms
    assert TextCodec.of(["12 34", "34 56"])[0].terms == ["12", "34", "56"], "nothing else is there"
    english = TextCodec.of(["the dog and the cat don't know it, for they can't see"] * 60)[0]
    assert english.terms == ["cat", "dog", "know"]


def test_a_uuencoded_file_in_a_document_is_no_words():
    lines = (
        binascii.b2a_uu(b"ax" * 22 + b"\0").decode(),
        *(binascii.b2a_uu(np.random.RandomState(i).bytes(45)).decode() for i in range(30)),
    )
    file = "".join(lines)
    capitals = "MARSHALL: A COPY OF EACH LICENSE ISSUED OR RENEWED UNDER THIS"
    codec, X, _ = TextCodec.of([f"see this\n{file}", f"{capitals}\nsee that", "see these"])
    plain = TextCodec.of(["see this", f"{capitals}\nsee that", "see these"])[0]
    assert codec.terms == plain.terms and "marshall" in codec.terms
    assert codec.encode([file]).nnz == 0


def test_terms_that_an_earlier_version_saved_count_as_they_did():
    old = TextCodec.from_json({"kind": "text", "terms": ["didn", "don", "1984"], "pairs": False})
    assert old.encode(["don't 1984 don't"]).toarray().tolist() == [[0, 2, 1]]
    assert saved(old).contractions is False and saved(TextCodec(["a"])).contractions is True


@pytest.mark.parametrize("documents", [["", "a b", "?!"], ["word", "word word", "word"]])
def test_no_terms_is_said(documents):
    with pytest.raises(DataError):
        TextCodec.of(documents)


def test_a_zero_at_the_end_of_the_range_comes_back_as_zero():
    x = np.r_[np.zeros(5), np.random.RandomState(0).lognormal(3.0, 1.0, 20)]
    codec = TableCodec.of(pd.DataFrame({"amount": x}))
    assert (codec.decode(codec.encode(pd.DataFrame({"amount": x})))["amount"][:5] == 0).all()
