"""Word embeddings learnt from the corpus itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..params import param
from .counts import CountModel, counts

# a word's weight in its document is a / (a + its frequency), with Arora et al.'s a
_COMMON = 1e-3
_DOCUMENTS = 500  # that the sharpness is fitted to
_BLOCK = 1000  # words whose company is counted at a time


@dataclass(repr=False, eq=False)
class WordEmbeddings(CountModel):
    """Vectors of words from the company they keep (Levy & Goldberg, 2014).

    A truncated SVD of positive pointwise mutual information, which is what word2vec's skip-gram
    with negative sampling factorises too.

    ``M_ij = max(0, log(#(i,j) / (#(i) p_j)) - log shift)``, ``p_j = #(j)^s / sum #(.)^s``, is
    factorised as ``M ~ U S V'``; word i's vector is row i of ``U S^p`` at unit length (p, s: Levy,
    Goldberg & Dagan, 2015). X is a bag of words, so company means the same document, not a window:
    #(i,j) adds up ``x_i x_j / (length - 1)`` over documents, so that every occurrence of a word has
    one unit of company however long its document is. A word is no company of its own.

    The code of a document is the mean of its words' vectors, each weighted by ``1e-3 / (1e-3 +
    frequency)`` (Arora, Liang & Ma, 2017). ``inverse_transform`` gives expected counts of a
    document of average length, from the log-linear model ``p(word | z) ~ frequency exp(sharpness
    <vector, z>)`` (Arora et al., 2016), whose one number is fitted to the documents by maximum
    likelihood. Codes are drawn from a normal distribution with the mean and the covariance of the
    training codes.

    Parameters
    ----------
    latent_dim : int, default=50
        Length of a word's vector, and of the code.
    smoothing : float, default=0.75
        Power of the company's frequency: below 1, rare words count for less as company.
    shift : float, default=1.0
        How many times likelier than chance two words must be together to count; word2vec's number
        of negative samples.
    weighting : float, default=0.5
        Power of the singular values in the vectors: 0 makes all dimensions equal, 1 is the plain
        SVD.
    random_state : int or None, default=0
        Seed of the randomised solver.

    Attributes
    ----------
    vectors_ : array (d, k)
        Vectors of the words, of unit length; 0 for a word that keeps no company.
    frequency_ : array (d,)
        Of the words; sums to 1.
    sharpness_ : float
        How strongly nearness to a code raises a word's chance.
    mean_length_ : float
        Words of an average document.
    code_covariance_ : array (k, k)
        Covariance of the training codes.
    importance_ : array (k,)
        Share of what the dimensions keep of the words' associations.

    Raises
    ------
    ValueError
        No two words share a document.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Levy & Goldberg (2014),
      https://papers.nips.cc/paper_files/paper/2014/hash/b78666971ceae55a8e87efb7cbfd9ad4-Abstract.html.
    * Levy, Goldberg & Dagan (2015), https://doi.org/10.1162/tacl_a_00134.
    * Arora et al. (2016), https://doi.org/10.1162/tacl_a_00106.
    * Arora, Liang & Ma (2017), https://openreview.net/forum?id=SyK00v5xx.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.word_embeddings import WordEmbeddings
    >>> X = np.random.RandomState(0).poisson(0.5, (60, 12))
    >>> model = WordEmbeddings(latent_dim=3).fit(X)
    >>> model.vectors_.shape, model.transform(X).shape
    ((12, 3), (60, 3))
    >>> columns, cosines = model.neighbours(0, n=2)
    >>> columns.shape, cosines.shape
    ((2,), (2,))
    """

    title: ClassVar[str] = "Word embeddings"
    list_order: ClassVar[int] = 22
    paper: ClassVar[str] = "Levy & Goldberg"
    year: ClassVar[int] = 2014
    link: ClassVar[str] = (
        "https://papers.nips.cc/paper_files/paper/2014/hash/b78666971ceae55a8e87efb7cbfd9ad4-Abstract.html"
    )
    summary: ClassVar[str] = (
        "A vector for every word, learnt from the company it keeps in this corpus: neighbours, "
        "analogies, and documents as means of their words."
    )
    objective: ClassVar[str] = (
        r"\min_{\mathrm{rank}\,k}\;\|M-U\Sigma V^\top\|_F^2,\quad "
        r"M_{ij}=\max\!\Big(0,\;\log\frac{\#(i,j)}{\#(i)\,p_j}-\log\kappa\Big),"
        r"\quad p_j=\#(j)^{s}\big/\textstyle\sum_c\#(c)^{s}"
    )
    when: ClassVar[str] = (
        "Use it to ask which words go together in your own corpus, and to find documents by "
        "meaning when they share few words. It wants many documents: "
        "below a few thousand, neighbours are companions in the same documents rather than "
        "synonyms, and analogies are mostly luck."
    )
    reading: ClassVar[str] = (
        "Directions have meaning, single dimensions hardly. Words are near when they occur in "
        "documents with the same other words; cosine 1 is the same company, "
        "0 is none in common. Decoded words are weighed by how common they are and how near the "
        "code."
    )
    importance_meaning: ClassVar[str] = (
        "share of what the dimensions keep of the words' associations"
    )

    latent_dim: int = param(50, low=1, high=512, help="Length of a word's vector, and of the code.")
    smoothing: float = param(
        0.75,
        low=0.0,
        high=1.0,
        help="Power of the company's frequency: below 1, rare words count for less as company.",
        advanced=True,
    )
    shift: float = param(
        1.0,
        low=1.0,
        high=100.0,
        help=(
            "How many times likelier than chance two words must be together to count; word2vec's "
            "number of negative samples."
        ),
        advanced=True,
    )
    weighting: float = param(
        0.5,
        low=0.0,
        high=1.0,
        help=(
            "Power of the singular values in the vectors: 0 makes all dimensions equal, 1 is the "
            "plain SVD."
        ),
        advanced=True,
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed of the randomised solver."
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        return {"latent_dim": max(1, min(50, schema.d // 4, n // 4))}

    def _fit(self, X, rng, on_step):
        from sklearn.utils.extmath import randomized_svd

        X = counts(X)
        total = X.sum(0)
        self.frequency_, self.mean_length_ = total / total.sum(), float(total.sum()) / X.shape[0]
        M = self._associations(X)
        if not M.nnz:
            raise ValueError(
                "WordEmbeddings: no two words share a document more often than chance (n_features "
                f"= {X.shape[1]}); expected documents of several words."
            )
        U, S, _ = randomized_svd(
            M.astype(np.float64),
            min(self.latent_dim, X.shape[1]),
            n_iter=7,  # pyright: ignore[reportArgumentType]  # its default is "auto"
            random_state=rng,
        )
        vectors = U * S**self.weighting
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        known = lengths > 1e-9 * lengths.max()
        self.vectors_ = np.where(known, vectors / np.where(known, lengths, 1), 0.0)
        self.importance_ = S**2 / (S**2).sum()
        Z = self._encode(X)
        self.sharpness_ = self._fit_sharpness(X, Z)
        self.code_covariance_ = np.atleast_2d(np.cov(Z.T, bias=True))
        return Z

    def _associations(self, X):
        """Positive pointwise mutual information M (d, d), CSR; a block of words at a time, as
        their company may be nearly everybody.
        """
        from scipy.sparse import csr_array, diags_array, vstack

        length = X.sum(1)
        scale = diags_array(1 / np.maximum(length - 1, 1))
        word = (scale @ X).T @ length - (scale @ X.power(2)).sum(0)
        company = word**self.smoothing
        company /= max(company.sum(), 1e-300)
        words, blocks = (scale @ X).T.tocsr(), []
        for start in range(0, X.shape[1], _BLOCK):
            together = (words[start : start + _BLOCK] @ X).tocoo()
            others = together.row + start != together.col
            rows, columns, number = (
                together.row[others],
                together.col[others],
                together.data[others],
            )
            information = np.log(number / (word[rows + start] * company[columns])) - np.log(
                self.shift
            )
            keep = information > 1e-9
            blocks.append(
                csr_array(
                    (information[keep].astype(np.float32), (rows[keep], columns[keep])),
                    shape=together.shape,
                )
            )
        return vstack(blocks).tocsr()

    def _fit_sharpness(self, X, Z) -> float:
        """The s of largest likelihood of ``p(j | i) ~ frequency_j exp(s <v_j, z_i>)``, a
        concave problem in one number.
        """
        from scipy.optimize import minimize_scalar

        rows = np.linspace(0, X.shape[0] - 1, min(X.shape[0], _DOCUMENTS)).astype(int)
        X, nearness = X[rows], Z[rows] @ self.vectors_.T
        seen, lengths = float((X * nearness).sum()), X.sum(1)
        fit = minimize_scalar(
            lambda s: lengths @ np.log(np.exp(s * nearness) @ self.frequency_) - s * seen,
            bounds=(0.0, 100.0),
            method="bounded",
        )
        return float(fit.x)

    def _weight(self):
        return _COMMON / (_COMMON + self.frequency_)

    def _encode(self, X):
        X, weight = counts(X), self._weight()
        return X @ (self.vectors_ * weight[:, None]) / np.maximum(X @ weight, 1e-12)[:, None]

    def _decode(self, Z):
        scores = self.sharpness_ * (np.asarray(Z, np.float64) @ self.vectors_.T)
        p = self.frequency_ * np.exp(scores - scores.max(1, keepdims=True))
        return self.mean_length_ * p / p.sum(1, keepdims=True)

    def _prior(self, n, temperature, rng):
        spread, axes = np.linalg.eigh(self.code_covariance_)
        codes = rng.standard_normal((n, len(spread))) * np.sqrt(np.maximum(spread, 0)) @ axes.T
        return self.code_mean_ + temperature * codes

    def as_torch(self):
        from ..nn.nets import Function, tensors

        weight = self._weight()
        frequency, vectors, weight, words = tensors(
            self.frequency_, self.vectors_, weight, weight[:, None] * self.vectors_
        )

        def decode(z):
            scores = self.sharpness_ * (z @ vectors.T) + frequency.clamp(min=1e-30).log()
            return self.mean_length_ * scores.softmax(1)

        return Function(lambda x: x @ words / (x @ weight).clamp(min=1e-12)[:, None]), Function(
            decode
        )

    def word_vectors(self):
        check_is_fitted(self)
        return self.vectors_

    def neighbours(self, word: int, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """The words nearest to a word.

        Parameters
        ----------
        word : int
            Its column of X.
        n : int
            How many at most.

        Returns
        -------
        columns : array (m,) of int
            Columns of X, the nearest first, the word itself left out; m <= n.
        cosines : array (m,)
            Their cosines with the word.
        """
        check_is_fitted(self)
        return nearest_words(self.vectors_, self.vectors_[word], n, leave_out=[word])

    def analogy(self, a: int, b: int, c: int, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """The words that are to c as b is to a.

        They are those with the largest cosine with ``b - a + c`` (Mikolov et al., 2013; 3CosAdd of
        Levy & Goldberg, 2014).

        Parameters
        ----------
        a, b, c : int
            Columns of X.
        n : int
            How many at most.

        Returns
        -------
        columns : array (m,) of int
            Columns of X, the nearest first, a, b and c left out; m <= n.
        cosines : array (m,)
            Their cosines with ``b - a + c``.

        References
        ----------
        * Mikolov et al. (2013), https://arxiv.org/abs/1301.3781.
        * Levy & Goldberg (2014).
        """
        check_is_fitted(self)
        V = self.vectors_
        return nearest_words(V, V[b] - V[a] + V[c], n, leave_out=[a, b, c])


def nearest_words(
    vectors: np.ndarray, query: np.ndarray, n: int, leave_out=()
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ``vectors`` with the largest cosine with ``query``.

    Parameters
    ----------
    vectors : array (d, k)
        One row a word; rows of no length are passed over.
    query : array (k,)
        The vector to compare with.
    n : int
        How many at most.
    leave_out : sequence of int
        Rows that are left out.

    Returns
    -------
    rows : array (m,) of int
        The nearest first; m <= n.
    cosines : array (m,)
        Their cosines with the query.

    Examples
    --------
    >>> import numpy as np
    >>> rows, cosines = nearest_words(np.eye(3), np.array([1.0, 0.5, 0.0]), 2)
    >>> rows.tolist()
    [0, 1]
    """
    lengths, length = np.linalg.norm(vectors, axis=1), np.linalg.norm(query)
    cosines = vectors @ query / np.maximum(lengths * length, 1e-300)
    allowed = lengths > 0
    allowed[list(leave_out)] = False
    order = np.argsort(np.where(allowed, -cosines, np.inf), kind="stable")[
        : min(n, int(allowed.sum()))
    ]
    return order, cosines[order]
