"""Every map keeps its promises: scikit-learn's own suite, then ours; every check can fail."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from lvm_core import PROJECTIONS
from lvm_core.checks import Check, check_projection, projection_checks
from lvm_core.checks import projections as checks
from lvm_core.checks.projections import ProjectionCase, quick
from lvm_core.projections.base import Projection

EVERY = [check for cls in PROJECTIONS.values() for check in projection_checks(cls, sklearn=False)]
PCA, TSNE, UMAP = PROJECTIONS["PCA"], PROJECTIONS["TSNE"], PROJECTIONS["UMAP"]


@parametrize_with_checks([quick(cls) for cls in PROJECTIONS.values()])
def test_scikit_learns_own_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", EVERY, ids=str)
def test_every_map_keeps_its_promises(check):
    check()


# -- a map that breaks one promise -----------------------------------------------------------------


class Silent(PCA):
    summary = "No sentence"


class Flat(PCA):
    def _fit(self, Z, rng, on_step):
        return super()._fit(Z, rng, on_step) * np.eye(self.n_components)[0]


class ByChance(PCA):
    def _fit(self, Z, rng, on_step):
        P = super()._fit(Z, rng, on_step)
        return P + np.random.default_rng().normal(size=P.shape)


class Claims(PCA):
    random = True


class Shifted(PCA):
    def _place(self, Z):
        return super()._place(Z) + hasattr(self, "embedding_")


class AsABatch(PCA):
    def _place(self, Z):
        return super()._place(Z - Z.mean(0))


class Steps(PCA):
    def _place(self, Z):
        return np.round(super()._place(Z))


class Forgetful(PCA):
    def _fit(self, Z, rng, on_step):
        P = super()._fit(Z, rng, on_step)
        self.shift = 1.0
        return P

    def _place(self, Z):
        return super()._place(Z) + getattr(self, "shift", 0.0)


class Nowhere(PCA):
    def _unplace(self, P):
        return 100 + super()._unplace(P)


class AnyPositions(PCA):
    def inverse_transform(self, P):
        return np.zeros((len(P), self.n_features_in_))


class ManyOnly(PCA):
    def _fit(self, Z, rng, on_step):
        P = super()._fit(Z, rng, on_step)
        return P if len(Z) > 5 else P * np.nan


class NarrowOnly(PCA):
    def _fit(self, Z, rng, on_step):
        if Z.shape[1] > 100:
            raise MemoryError
        return super()._fit(Z, rng, on_step)


class UniqueOnly(PCA):
    def _fit(self, Z, rng, on_step):
        P = super()._fit(Z, rng, on_step)
        return P if len(np.unique(Z, axis=0)) > len(Z) / 2 else P / 0.0


class InMetres(PCA):
    def _fit(self, Z, rng, on_step):
        return super()._fit(Z, rng, on_step) + 1e-3 * rng.normal(size=(len(Z), self.n_components))


class AnyCodes(PCA):
    def _check(self, Z, reset):
        return np.nan_to_num(super()._check(np.nan_to_num(Z), reset))


class AnyParameter(PCA):
    def validate(self):
        pass

    def _fit(self, Z, rng, on_step):
        self.n_components = min(self.n_components, 3)
        return super()._fit(Z, rng, on_step)


class Mute(TSNE):
    def _fit(self, Z, rng, on_step):
        return super()._fit(Z, rng, None)


class Swallows(TSNE):
    def _fit(self, Z, rng, on_step):
        def listener(progress):
            try:
                return on_step(progress)
            except KeyError:
                return True

        return super()._fit(Z, rng, on_step and listener)


class Deaf(TSNE):
    def _fit(self, Z, rng, on_step):
        return super()._fit(Z, rng, on_step and (lambda progress: on_step(progress) and False))


class Renamed(PCA):
    def get_params(self, deep=True):
        return super().get_params(deep) | {"extra": 1}


BAD = [
    ("describes itself", Silent),
    ("shapes and types", Flat),
    ("seeds reproduce", ByChance),
    ("seeds reproduce", Claims),
    ("training codes return to their places", Shifted),
    ("one row is the same alone", AsABatch),
    ("placing is continuous", Steps),
    ("save and load", Forgetful),
    ("inverse is finite and near", Nowhere),
    ("exact maps return to the position", Nowhere),
    ("bad positions are refused", AnyPositions),
    ("few rows", ManyOnly),
    ("narrow and wide codes", NarrowOnly),
    ("duplicates", UniqueOnly),
    ("the unit does not matter", InMetres),
    ("degenerate codes are refused", AnyCodes),
    ("bad parameters are named", AnyParameter),
    ("progress is reported", Mute),
    ("progress is reported", Swallows),
    ("stop keeps what was reached", Deaf),
    ("scikit learn", Renamed),
]


@pytest.mark.parametrize("name, cls", BAD)
def test_a_map_that_breaks_a_promise_fails_its_check(name, cls):
    test = getattr(checks, "check_" + name.replace(" ", "_"))
    broken = Check(cls.__name__, test, ProjectionCase(quick(cls)))
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=f"^{broken}: "):
        broken()


def test_every_check_can_fail():
    tests = (*checks.CHECKS, checks.check_scikit_learn)
    assert {Check("", test, None).name for test in tests} == {name for name, _ in BAD}


def test_checking_a_class_stops_at_the_promise_it_breaks():
    assert issubclass(Claims, Projection)
    with pytest.raises(AssertionError, match="^Claims: seeds reproduce: random is True"):
        check_projection(Claims)
