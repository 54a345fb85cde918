"""What a check is, and the few things every check asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Check:
    """One property of one subject; call it to check it.

    Parameters
    ----------
    subject : str
        What is checked, in words: ``PCA on array``.
    test : callable
        Takes ``case`` and raises where the property does not hold.
    case : object
        What the checks of one subject share, so that a model is fitted once for many of them.

    Examples
    --------
    >>> from lvm_core import MODELS
    >>> from lvm_core.checks import model_checks
    >>> checks = {check.name: check for check in model_checks(MODELS["PCA"], sklearn=False)}
    >>> checks["round trip"]()
    """

    subject: str
    test: Callable[[Any], None]
    case: Any

    @property
    def name(self) -> str:
        """The property in words: ``round trip``."""
        return self.test.__name__.removeprefix("check_").replace("_", " ")

    def __call__(self) -> None:
        """Check it.

        Raises
        ------
        AssertionError
            When the property does not hold, or when trying ended in an error.
        """
        try:
            self.test(self.case)
        except Exception as error:
            what = str(error) if isinstance(error, AssertionError) else repr(error)
            raise AssertionError(f"{self.subject}: {self.name}: {what}") from error

    def __str__(self) -> str:
        return f"{self.subject}: {self.name}"


def run(checks: Iterable[Check]) -> None:
    """Run checks in their order; the first that fails raises."""
    for check in checks:
        check()


# -- what checks ask; never by ``assert``, which ``python -O`` leaves out --------------------------


def require(condition: Any, sentence: str) -> None:
    """Raise AssertionError with this sentence unless the condition is true."""
    if not condition:
        raise AssertionError(sentence)


def require_equal(found: Any, expected: Any, what: str) -> None:
    """Two arrays or plain values are equal, bit by bit."""
    if isinstance(found, np.ndarray) or isinstance(expected, np.ndarray):
        require(np.array_equal(found, expected), f"{what} differ: they should be equal")
    else:
        require(found == expected, f"{what}: found {found!r}, expected {expected!r}")


def require_close(found, expected, what: str, tolerance: float = 1e-5) -> None:
    """Two arrays agree up to rounding."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    require(found.shape == expected.shape, f"{what}: shapes {found.shape} and {expected.shape}")
    near = np.isclose(found, expected, rtol=tolerance, atol=tolerance)
    if not near.all():
        worst = np.abs(found - expected)[~near].max()
        raise AssertionError(f"{what} differ by up to {worst:.3g}, expected at most {tolerance:g}")


def require_finite(values, what: str) -> None:
    """Every number is finite."""
    values = values.data if hasattr(values, "indptr") else np.asarray(values)
    require(np.isfinite(values).all(), f"{what} hold NaN or infinity")


def require_refused(call: Callable[[], Any], what: str, *words: str) -> None:
    """The call raises ValueError in one sentence in which these words are found."""
    try:
        call()
    except ValueError as error:
        said = str(error)
    else:
        raise AssertionError(f"{what} was accepted, expected a ValueError")
    require(said.strip() and "\n" not in said.strip(), f"{what}: no single sentence: {said!r}")
    missing = [word for word in words if word not in said]
    require(not missing, f"{what} was refused without naming {' and '.join(missing)}: {said!r}")


def require_words(owner: Any, *names: str) -> None:
    """What people read of a class is there."""
    missing = [name for name in names if not str(getattr(owner, name, "")).strip()]
    require(not missing, f"states no {', '.join(missing)}")


def require_parameters(cls: Any, first: str = "", last: str = "") -> None:
    """Fields are parameters with an explanation, in the expected order."""
    parameters = cls.parameters()
    names = list(parameters)
    require(not first or names[:1] == [first], f"the first field is not {first}: {names}")
    require(not last or names[-1:] == [last], f"the last field is not {last}: {names}")
    silent = [name for name, parameter in parameters.items() if not parameter.help.strip()]
    require(not silent, f"parameters without an explanation: {', '.join(silent)}")
