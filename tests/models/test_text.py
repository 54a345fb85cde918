"""Models of text find again what was planted, and keep their own mathematics; topics and words
say what they should of both.
"""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix

from lvm_core import MODELS
from lvm_core.analysis.topics import Topics, coherence, diversity, scores, topics, why_no_topics
from lvm_core.analysis.words import WordVectors, examples, word_vectors
from lvm_core.io.checkpoint import Checkpoint
from lvm_core.schema import Schema
from lvm_core.settings import DataError

K, D = 5, 100


def planted(n=600, length=80, seed=0):
    """Counts X (n, D) of documents from K topics, drawn by the very model of LDA, and the
    topics (K, D).
    """
    rng = np.random.RandomState(seed)
    B = rng.dirichlet(np.full(D, 0.05), K)
    shares = rng.dirichlet(np.full(K, 0.2), n)
    X = np.vstack([rng.multinomial(length, p) for p in shares @ B])
    return csr_matrix(X.astype(np.float32)), B, shares


CORPUS, TOPICS, SHARES = planted()


def fitted(name, X=CORPUS, **params):
    return MODELS[name](**{"latent_dim": K} | params).fit(X, schema=Schema.counts(X.shape[1]))


def matched(found, true):
    """The order in which rows of ``found`` are nearest to those of ``true``, and total
    variation distances by row.
    """
    distance = 0.5 * np.abs(found[:, None] - true[None]).sum(2)
    rows, columns = linear_sum_assignment(distance.T)
    return columns, distance.T[rows, columns]


@pytest.mark.parametrize("name", ["PLSA", "LDA"])
def test_planted_topics_are_recovered(name):
    best = min(
        (fitted(name, random_state=seed) for seed in range(3)), key=lambda m: m.history_[-1]["loss"]
    )
    order, distance = matched(best.components_, TOPICS)
    assert distance.max() < 0.1
    np.testing.assert_allclose(best.transform(CORPUS)[:, order].mean(0), SHARES.mean(0), atol=0.02)
    assert np.abs(best.transform(CORPUS)[:, order] - SHARES).mean() < 0.05
    np.testing.assert_allclose(best.importance_.sum(), 1)


def test_plsa_never_loses_likelihood_and_ends_where_a_sweep_changes_nothing():
    model = fitted("PLSA", smoothing=0.0, epochs=3000)
    losses = [point["loss"] for point in model.history_]
    assert (np.diff(losses) <= 1e-9 * abs(losses[0])).all()
    X, Z, B = (
        CORPUS.toarray().astype(np.float64),
        model.transform(CORPUS).astype(np.float64),
        model.components_,
    )
    R = X / np.maximum(Z @ B, 1e-300)
    np.testing.assert_allclose(Z * (R @ B.T) / X.sum(1, keepdims=True), Z, atol=2e-4)
    again = B * (Z.T @ R)
    np.testing.assert_allclose(again / again.sum(1, keepdims=True), B, atol=2e-3)


def test_plsa_is_factorisation_under_the_kullback_leibler_divergence():
    from sklearn.decomposition import NMF

    X = CORPUS.toarray().astype(np.float64)
    model = fitted("PLSA", X, smoothing=0.0, epochs=1000)
    Z = model.transform(X) * X.sum(1, keepdims=True)
    again = NMF(K, init="custom", solver="mu", beta_loss="kullback-leibler", max_iter=50, tol=0)
    W = again.fit_transform(X, W=Z + 1e-12, H=model.components_ + 1e-12)

    def divergence(Y):
        return (
            np.where(X > 0, X * np.log(np.where(X > 0, X, 1) / np.maximum(Y, 1e-300)), 0).sum()
            - X.sum()
            + Y.sum()
        )

    # it has nothing left to gain
    assert divergence(Z @ model.components_) <= divergence(W @ again.components_) * (1 + 1e-3)


def test_lda_gives_scikit_learns_codes_and_bound():
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.decomposition._lda import (
        _dirichlet_expectation_2d,  # its score adds the topics' own divergence
    )

    from lvm_core.models.lda import _divergence

    model, X = fitted("LDA", epochs=5), CORPUS[:50].astype(np.float64)
    theirs = LatentDirichletAllocation(
        K,
        doc_topic_prior=model.alpha,
        topic_word_prior=model.eta,
        max_iter=1,
        mean_change_tol=1e-9,
        max_doc_update_iter=1000,
    ).fit(X)
    theirs.components_ = model.pseudo_counts_
    theirs.exp_dirichlet_component_ = np.exp(_dirichlet_expectation_2d(model.pseudo_counts_))
    np.testing.assert_allclose(model.transform(X), theirs.transform(X), atol=2e-3)
    np.testing.assert_allclose(
        model.score_samples(X).sum() - _divergence(model.pseudo_counts_, model.eta).sum(),
        theirs.score(X),
        rtol=1e-4,
    )


def test_lda_is_below_the_unigrams_perplexity_and_its_bound_is_one():
    train, test = CORPUS[:500], CORPUS[500:]
    model = fitted("LDA", train)
    unigram = (np.asarray(train.sum(0)).ravel() + 0.5) / (train.sum() + 0.5 * D)
    words = test.sum()
    ours = np.exp(-model.score_samples(test).sum() / words)
    alone = np.exp(-(test @ np.log(unigram)).sum() / words)
    true = np.exp(
        -(test.toarray() * np.log(np.maximum(SHARES[500:] @ TOPICS, 1e-300))).sum() / words
    )
    assert true < ours < 0.7 * alone
    document = test[:1]  # the bound against a plain Monte Carlo estimate under the mean topics
    draws = np.random.RandomState(0).dirichlet(np.full(K, model.alpha), 200_000)
    logs = (
        np.log(np.maximum(draws @ model.components_[:, document.indices], 1e-300)) * document.data
    ).sum(1)
    exact = logs.max() + np.log(np.exp(logs - logs.max()).mean())
    assert -6 < model.score_samples(document)[0] - exact < 0.3


@pytest.mark.parametrize("name", ["PLSA", "LDA", "WordEmbeddings"])
def test_documents_without_words_and_words_never_seen(name):
    X = CORPUS.toarray()
    X[:, -1] = 0
    X[3] = 0
    model = fitted(name, csr_matrix(X))
    strange = np.zeros((3, D), np.float32)
    strange[1, -1], strange[2, :4] = 5, 1
    Z = model.transform(csr_matrix(strange))
    assert np.isfinite(Z).all() and np.isfinite(model.inverse_transform(Z)).all()
    if name != "WordEmbeddings":
        np.testing.assert_allclose(Z.sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", ["PLSA", "LDA"])
def test_codes_dragged_off_the_simplex_are_brought_back(name):
    model = fitted(name, epochs=3)
    Z = np.array([[2.0, 2, -1, 0, -3], [0.5, 0.5, 0, 0, 0], [-1, -1, -1, -1, -1], [0.2] * 5])
    R = model.inverse_transform(Z)
    np.testing.assert_allclose(R[0], R[1])
    np.testing.assert_allclose(R[2], R[3])
    np.testing.assert_allclose(R.sum(1), 80)
    drawn = model.sample_codes(500, temperature=1.5, random_state=0)
    assert drawn.min() >= 0 and np.allclose(drawn.sum(1), 1)


@pytest.mark.parametrize("name", ["PLSA", "LDA"])
def test_a_killed_fit_goes_on_bit_by_bit(name, tmp_path):
    class Killed(Exception):
        pass

    whole, checkpoint = fitted(name, epochs=8), Checkpoint(tmp_path)
    with pytest.raises(Killed):
        MODELS[name](latent_dim=K, epochs=8).fit(
            CORPUS,
            schema=Schema.counts(D),
            on_step=lambda _: checkpoint.interrupt(Killed()),
            checkpoint=checkpoint,
        )
    heard = []
    again = MODELS[name](latent_dim=K, epochs=8).fit(
        CORPUS, schema=Schema.counts(D), on_step=heard.append, checkpoint=Checkpoint(tmp_path)
    )
    assert heard[0].first > 0
    assert np.array_equal(again.components_, whole.components_) and np.array_equal(
        again.transform(CORPUS), whole.transform(CORPUS)
    )


def test_all_zero_and_negative_counts_are_refused():
    for name in ("PLSA", "LDA", "WordEmbeddings"):
        with pytest.raises(ValueError, match="every count is 0"):
            fitted(name, np.zeros((6, 4)))
        with pytest.raises(ValueError, match="Negative values"):
            fitted(name, -np.eye(6))
    with pytest.raises(ValueError, match="no two words share a document"):
        fitted("WordEmbeddings", np.eye(6))


# -- word embeddings -------------------------------------------------------------------------------

TERMS = [
    "man",
    "woman",
    "king",
    "queen",
    "his",
    "hers",
    "beard",
    "dress",
    "throne",
    "crown",
    "field",
    "plough",
    "car",
    "auto",
    "road",
    "wheel",
]


def stories(n=1500):
    """Documents about somebody, a man or a woman, royal or not; or about a car, which half of
    them call an auto. Nobody is named twice.
    """
    rng, rows = np.random.RandomState(0), []
    for i in range(n):
        if i % 3 == 0:
            said = [("car", "auto")[rng.randint(2)]] + list(rng.choice(["road", "wheel"], 3))
        else:
            female, royal = rng.randint(2, size=2)
            said = (
                [(("man", "woman"), ("king", "queen"))[royal][female]]
                + list(rng.choice((["his", "beard"], ["hers", "dress"])[female], 2))
                + list(rng.choice((["field", "plough"], ["throne", "crown"])[royal], 2))
            )
        rows.append([said.count(term) for term in TERMS])
    return csr_matrix(np.array(rows, np.float32))


def embedded(**params):
    X = stories()
    model = fitted("WordEmbeddings", X, **{"latent_dim": 6} | params)
    return X, model, WordVectors(TERMS, word_vectors(model), np.asarray(X.sum(0)).ravel())


def test_planted_synonyms_are_neighbours_and_a_planted_analogy_is_solved():
    X, model, words = embedded()
    assert not (X[:, TERMS.index("car")].multiply(X[:, TERMS.index("auto")])).nnz
    assert (
        words.neighbours("car", 1)[0][0] == "auto" and words.neighbours("Auto ", 1)[0][0] == "car"
    )
    assert words.analogy("man", "king", "woman", 1)[0][0] == "queen"
    assert words.analogy("queen", "woman", "king", 1)[0][0] == "man"
    columns, cosines = model.neighbours(TERMS.index("car"), 3)
    assert columns[0] == TERMS.index("auto") and (np.diff(cosines) <= 0).all()
    assert model.analogy(0, 2, 1, 1)[0][0] == TERMS.index("queen")


def test_associations_are_positive_pointwise_mutual_information():
    X, model, _ = embedded(smoothing=1.0)
    X = X.toarray().astype(np.float64)
    length = X.sum(1)
    C = (X / (length - 1)[:, None]).T @ X
    np.fill_diagonal(C, 0)
    expected = np.outer(C.sum(1), C.sum(0)) / C.sum()
    M = np.maximum(np.log(np.where(C > 0, C, 1e-300) / expected), 0)
    from lvm_core.models.counts import counts

    np.testing.assert_allclose(model._associations(counts(X)).toarray(), M, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(model.vectors_, axis=1), 1)


def test_a_code_decodes_to_the_words_it_is_near():
    X, model, words = embedded()
    R = model.inverse_transform(model.transform(X))
    throne = X[:, TERMS.index("throne")].toarray().ravel() > 0
    assert (
        R[throne][:, TERMS.index("crown")].mean() > 5 * R[~throne][:, TERMS.index("crown")].mean()
    )
    assert model.sharpness_ > 0.5
    none = model.inverse_transform(np.zeros((1, 6)))
    np.testing.assert_allclose(none[0] / none.sum(), model.frequency_, rtol=1e-6)


def test_unknown_words_are_answered_with_those_spelt_alike():
    _, _, words = embedded()
    with pytest.raises(
        DataError, match="'quen' is not among the words of this corpus. Spelt like it: .*queen"
    ):
        words.neighbours("quen")
    with pytest.raises(DataError, match="'xyzzy' is not.*No word"):
        words.find("xyzzy")
    hidden = WordVectors(["a", "b"], np.array([[1.0, 0], [0, 0]]), np.ones(2))
    with pytest.raises(DataError, match="keeps no company"):
        hidden.find("b")
    assert list(hidden.commonest(5)) == [0]


# -- topics of any model ---------------------------------------------------------------------------

TRUE = Topics(TOPICS, SHARES, SHARES.mean(0), np.asarray(CORPUS.sum(0)).ravel() / CORPUS.sum())


def test_true_topics_are_more_coherent_than_shuffled_ones():
    rng, top = np.random.RandomState(0), TRUE.top(6)
    shuffled = np.array([rng.permutation(TOPICS[k]) for k in range(K)])
    assert (
        coherence(CORPUS, top).mean() > coherence(CORPUS, np.argsort(-shuffled)[:, :6]).mean() + 0.1
    )
    named = {s.name: s for s in scores(TRUE, CORPUS)}
    assert named["Coherence (NPMI)"].value > named["Coherence (NPMI)"].baseline + 0.1
    assert named["Topic diversity"].value == diversity(TRUE.top(10))


def test_npmi_by_hand():
    X = np.array([[1, 2, 0, 1, 0], [1, 1, 0, 1, 0], [0, 0, 3, 1, 0], [0, 0, 1, 1, 0]])
    always, never, chance, unseen = coherence(X, np.array([[0, 1], [0, 2], [0, 3], [0, 4]]))
    assert (
        always == pytest.approx(1)
        and never == -1
        and chance == pytest.approx(0, abs=1e-12)
        and np.isnan(unseen)
    )
    # in every document: says nothing
    assert coherence(csr_matrix(X), np.array([[3, 3]]))[0] == 0
    # the pair that can be judged
    assert coherence(X, np.array([[0, 1, 4]]))[0] == pytest.approx(1)
    assert diversity(np.array([[0, 1], [1, 2]])) == 0.75


def test_relevance_goes_from_likely_to_telling():
    p = np.array([[0.6, 0.4, 0.0], [0.6, 0.0, 0.4]])
    found = Topics(p, np.full((4, 2), 0.5), np.full(2, 0.5), np.array([0.6, 0.2, 0.2]))
    assert found.top(2, 1.0).tolist() == [[0, 1], [0, 2]] and found.top(1, 0.0).tolist() == [
        [1],
        [2],
    ]
    np.testing.assert_allclose(
        found.relevance(0.3)[0, 1], 0.3 * np.log(0.4) + 0.7 * np.log(0.4 / 0.2)
    )
    np.testing.assert_allclose(found.of_word([0, 1]), [[0.5, 0.5], [1, 0]])


def test_distances_and_places():
    from scipy.spatial.distance import jensenshannon

    D_ = TRUE.distances()
    np.testing.assert_allclose(D_[0, 1], jensenshannon(TOPICS[0], TOPICS[1], base=2), atol=1e-9)
    assert (np.diag(D_) == 0).all() and np.array_equal(D_, D_.T)
    three = Topics(TOPICS[:3], SHARES[:, :3], SHARES.mean(0)[:3], TRUE.frequency)
    P, kept = three.places()  # three points fit into a plane
    np.testing.assert_allclose(np.linalg.norm(P[0] - P[1]), three.distances()[0, 1], atol=1e-6)
    assert kept == pytest.approx(1) and Topics(
        TOPICS[:1], SHARES[:, :1], np.ones(1), TRUE.frequency
    ).places()[0].tolist() == [[0, 0]]


def test_topics_of_models_and_reasons_of_others():
    for name in ("PLSA", "LDA", "NMF"):
        model = fitted(name)
        found = topics(model, CORPUS, model.transform(CORPUS))
        np.testing.assert_allclose(found.words.sum(1), 1)
        np.testing.assert_allclose([found.prevalence.sum(), *found.shares.sum(1)], 1, rtol=1e-5)
        if name != "NMF":
            np.testing.assert_allclose(found.prevalence, model.importance_, atol=1e-6)
        rows = found.documents(2, 4)
        assert (found.shares[rows, 2].min() >= np.delete(found.shares[:, 2], rows)).all()
    assert "plus and a minus" in why_no_topics(fitted("LSA")) and "list of words" in why_no_topics(
        fitted("WordEmbeddings")
    )
    with pytest.raises(ValueError, match="^This data is no text|^Topics are"):
        topics(MODELS["PCA"](latent_dim=2).fit(CORPUS.toarray()), CORPUS, SHARES)
    assert (
        word_vectors(fitted("LSA")).shape == (D, K)
        and word_vectors(MODELS["PCA"](latent_dim=2).fit(CORPUS.toarray())) is None
    )


def test_the_first_words_are_common_and_keep_company():
    rng = np.random.RandomState(0)
    terms = ["moon", "orbit", "shuttle", "team", "goal", "match", "zoology", "utzoo", "henry"]
    X = np.zeros((300, 9))
    X[:150, :3] = rng.poisson(2.0, (150, 3))
    X[150:, 3:6] = rng.poisson(2.0, (150, 3))
    X[:3, 6:] = 90  # a signature: most frequent, and always together
    vectors = np.eye(3)[np.repeat([0, 1, 2], 3)] + 0.1 * rng.uniform(size=(9, 3))
    words = WordVectors(terms, vectors, X.sum(0))
    first, second = examples(words, csr_matrix(X))
    assert {first, second} <= set(terms[:6]) and (first in terms[:3]) != (second in terms[:3])


def test_of_equally_near_words_the_commonest_comes_first():
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1e-4], [0.9, 0.1], [0.0, 1.0]])
    words = WordVectors(list("abcde"), vectors, np.array([9, 1, 5, 99, 3]))
    assert [name for name, _ in words.neighbours("a")] == ["c", "b", "d", "e"]
