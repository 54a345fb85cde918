"""Every model keeps its promises: scikit-learn's own suite, then ours; every check can fail."""

from itertools import count

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from lvm_core import MODELS
from lvm_core.checks import Check, check_model, model_checks
from lvm_core.checks import models as checks
from lvm_core.checks.examples import examples
from lvm_core.checks.models import ModelCase, quick

EVERY = [check for cls in MODELS.values() for check in model_checks(cls, sklearn=False)]
PCA, VAE, MIWAE = MODELS["PCA"], MODELS["VAE"], MODELS["MIWAE"]


@parametrize_with_checks([quick(cls) for cls in MODELS.values()])
def test_scikit_learns_own_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", EVERY, ids=str)
def test_every_model_keeps_its_promises(check):
    check()


def test_every_kind_of_data_is_among_the_examples():
    assert {example.kind for example in examples().values()} == {"image", "table", "text", "array"}
    used = {check.case.example.name for check in EVERY}
    assert used == set(examples())


def test_an_instance_is_checked_with_its_own_parameters():
    case = next(model_checks(PCA(latent_dim=3, whiten=True))).case
    assert case.fitted.whiten and case.codes.shape[1] == 3
    assert case.fitted is not case.model


# -- a model that breaks one promise ---------------------------------------------------------------


class Silent(PCA):
    reading = " "


class NotFinite(PCA):
    def _decode(self, Z):
        return np.where(Z[:, :1] > 0, np.nan, super()._decode(Z))


class DrawsMeans(PCA):
    def _draw(self, Z, rng):
        return self._decode(Z)


class ByChance(PCA):
    def _fit(self, X, rng, on_step):
        return super()._fit(X + 0.1 * np.random.default_rng().normal(size=X.shape), rng, on_step)


class SameSeed(VAE):
    def _fit(self, X, rng, on_step, checkpoint=None):
        return super()._fit(X, np.random.RandomState(0), on_step, checkpoint)


class AsABatch(PCA):
    def _encode(self, X):
        return super()._encode(X - X.mean(0))


class Forgetful(PCA):
    def _fit(self, X, rng, on_step):
        super()._fit(X, rng, on_step)
        self.shift = X[0, 0]

    def _encode(self, X):
        return super()._encode(X) + getattr(self, "shift", 0.0)


class Bold(PCA):
    @classmethod
    def suggest(cls, n, schema):
        return {"latent_dim": schema.d + 1}


class Deaf(VAE):
    def _fit(self, X, rng, on_step, checkpoint=None):
        told = count()  # it hears the twentieth time
        listener = on_step and (lambda progress: bool(on_step(progress)) and next(told) >= 20)
        return super()._fit(X, rng, listener, checkpoint)


class BeginsAnew(VAE):
    def _fit(self, X, rng, on_step, checkpoint=None):
        again = checkpoint is not None and any(checkpoint.folder.iterdir())
        return super()._fit(X + 1.0 if again else X, rng, on_step, checkpoint)


class Lukewarm(PCA):
    def _prior(self, n, temperature, rng):
        return super()._prior(n, 1.0, rng)


class Meddler(PCA):
    def _fit(self, X, rng, on_step):
        np.random.seed(0)
        return super()._fit(X, rng, on_step)


class Anything(PCA):
    def _check_codes(self, Z):
        return np.zeros((len(Z), len(self.code_mean_)))


class Short(VAE):
    def preview(self, X, Z):
        return super().preview(X, Z[:2])


class Lost(MIWAE):
    def _encode(self, X):
        return super()._encode(X) * np.where(np.isnan(X).any(1), np.nan, 1.0)[:, None]


class Renamed(PCA):
    def get_params(self, deep=True):
        return super().get_params(deep) | {"extra": 1}


BAD = {
    "describes itself": Silent,
    "round trip": NotFinite,
    "decoded rows can exist": DrawsMeans,
    "seeds reproduce": ByChance,
    "one row is the same alone": AsABatch,
    "save and load": Forgetful,
    "suggestions are allowed": Bold,
    "stop keeps what was reached": Deaf,
    "an interrupted fit goes on": BeginsAnew,
    "samples follow seed and temperature": Lukewarm,
    "global random states are left alone": Meddler,
    "codes of another shape are refused": Anything,
    "preview while it learns": Short,
    "missing values": Lost,
    "scikit learn": Renamed,
}
LENIENT = ("bad parameters are named", "schema of another width is refused")


def one(cls, name) -> Check:
    """The check of this name, on the first example that has the columns it is about."""
    example = examples()["mixed table"]
    test = getattr(checks, "check_" + name.replace(" ", "_"))
    return Check(cls.__name__, test, ModelCase(quick(cls), example))


@pytest.mark.parametrize("name, cls", [*BAD.items(), ("seeds reproduce", SameSeed)])
def test_a_model_that_breaks_a_promise_fails_its_check(name, cls):
    good = cls.__mro__[1]
    one(good, name)()
    with pytest.raises(AssertionError, match=f"^{cls.__name__}: {name}: "):
        one(cls, name)()


@pytest.mark.parametrize("name", LENIENT)
def test_a_model_that_takes_anything_fails_its_checks(name):
    case = ModelCase(quick(PCA), examples()["mixed table"])
    case.fresh = lambda **params: Takes()
    with pytest.raises(AssertionError, match="was accepted"):
        Check("Takes", getattr(checks, "check_" + name.replace(" ", "_")), case)()


class Takes:
    def fit(self, X, y=None, **more):
        return self


def test_every_check_can_fail():
    tests = (*checks.ON_EACH_EXAMPLE, *checks.ONCE, checks.check_scikit_learn)
    assert {Check("", test, None).name for test in tests} == set(BAD) | set(LENIENT)


def test_checking_a_class_stops_at_the_promise_it_breaks():
    with pytest.raises(
        AssertionError, match="^AsABatch on .*: one row is the same alone: codes of"
    ):
        check_model(AsABatch)
