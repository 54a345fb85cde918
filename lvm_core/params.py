"""One statement per parameter.

A set of parameters is a dataclass whose fields are made by :func:`param`. Validation, the form on
the page, the cache key, the README table and the tests all read that one line; nothing about a
parameter is stated twice.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import inspect
import json
import numbers
import pkgutil
import types
import typing
from dataclasses import dataclass
from typing import Any, cast

_KEY = "param"


@dataclass(frozen=True)
class Parameter:
    """What one field of a set of parameters accepts, as read by validation and by the forms."""

    name: str
    type: type
    default: Any
    low: float | None = None
    high: float | None = None
    choices: tuple | None = None
    help: str = ""
    label: str = ""
    log: bool = False
    advanced: bool = False
    optional: bool = False

    def check(self, value: Any, owner: str = "") -> None:
        """Raise ValueError in one sentence: what was found, what was expected."""
        where = f"{owner}: " if owner else ""
        if value is None and self.optional:
            return
        expected = {int: numbers.Integral, float: numbers.Real}.get(self.type, self.type)
        # True is an int to Python, and no answer to "how many"
        is_bool = type(value).__name__ in ("bool", "bool_")
        fits = is_bool if self.type is bool else isinstance(value, expected) and not is_bool
        if self.choices is not None:
            if not fits or value not in self.choices:
                raise ValueError(
                    f"{where}{self.name} is {value!r}, expected one of "
                    f"{', '.join(map(repr, self.choices))}."
                )
            return
        if not fits:
            raise ValueError(f"{where}{self.name} is {value!r}, expected {self.domain()}.")
        number = cast(float, value)  # where it has bounds
        too_low = self.low is not None and number < self.low
        too_high = self.high is not None and number > self.high
        if too_low or too_high or (self.type is float and value != value):
            raise ValueError(f"{where}{self.name} is {value}, expected {self.domain()}.")

    def domain(self) -> str:
        """The accepted values in words, e.g. ``a whole number from 1 to 512``."""
        if self.choices is not None:
            return "one of " + ", ".join(map(str, self.choices))
        words = {int: "a whole number", float: "a number", bool: "True or False", str: "text"}[
            self.type
        ]
        if self.low is not None and self.high is not None:
            words += f" from {self.low:g} to {self.high:g}"
        elif self.low is not None:
            words += f" of at least {self.low:g}"
        elif self.high is not None:
            words += f" of at most {self.high:g}"
        return words + (" or None" if self.optional else "")


def param(
    default: Any,
    *,
    low=None,
    high=None,
    choices=None,
    help: str,
    label: str = "",
    log: bool = False,
    advanced: bool = False,
) -> Any:
    """A dataclass field that states its default, its domain and its one-line explanation.

    ``log`` asks forms for a logarithmic scale; ``advanced`` folds the field away in forms.
    """
    meta = dict(
        low=low,
        high=high,
        choices=tuple(choices) if choices is not None else None,
        help=help,
        label=label,
        log=log,
        advanced=advanced,
    )
    return dataclasses.field(default=default, metadata={_KEY: meta})


class Params:
    """Base of everything that is configured by parameters. Subclasses are dataclasses of
    :func:`param` fields.
    """

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """name -> Parameter, in the order of the fields."""
        hints = typing.get_type_hints(cls)
        found = {}
        for field in dataclasses.fields(cast(Any, cls)):
            kind, optional = hints[field.name], False
            if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
                args = [a for a in typing.get_args(kind) if a is not type(None)]
                optional, kind = len(args) < len(typing.get_args(kind)), args[0]
            meta = dict(field.metadata[_KEY])
            meta["label"] = meta["label"] or field.name.replace("_", " ").capitalize()
            found[field.name] = Parameter(
                field.name, kind, field.default, optional=optional, **meta
            )
        return found

    def validate(self) -> None:
        """Raise ValueError for the first parameter outside its domain."""
        for name, parameter in type(self).parameters().items():
            parameter.check(getattr(self, name), type(self).__name__)

    def to_config(self) -> dict:
        """``{"name": class name, "params": {...}}``, plain JSON types only."""
        params = {
            name: _plain(getattr(self, name), parameter.type)
            for name, parameter in type(self).parameters().items()
        }
        return {"name": type(self).__name__, "params": params}

    def cache_key(self) -> str:
        """Stable short hash of the set of parameters: the same parameters give the same key on
        every machine.
        """
        text = json.dumps(self.to_config(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any, kind: type) -> Any:
    value = value.item() if hasattr(value, "item") else value
    # 1 and 1.0 are one recipe
    return float(value) if kind is float and type(value) is int else value


class Registry(dict):
    """name -> class. Look-up forgives case and punctuation (``"t-sne"`` finds ``TSNE``) and a
    miss names what exists.
    """

    def __missing__(self, name):
        wanted = _simple(name)
        for key, value in self.items():
            if _simple(key) == wanted:
                return value
        raise KeyError(f"{name!r} is not here; there are: {', '.join(self)}")


def _simple(name: Any) -> str:
    return "".join(c for c in str(name).casefold() if c.isalnum())


def discover(package: str, base: type) -> Registry:
    """All public subclasses of ``base`` in the modules of ``package``, by name, in order of (rank,
    year, name) where a class states them.

    A class is public when it is defined in a module of the package (not ``base``) and does not
    begin with ``_``. Dropping a file into the package is the whole job of adding one.
    """
    found = []
    for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
        module = importlib.import_module(f"{package}.{info.name}")
        for _, item in inspect.getmembers(module, inspect.isclass):
            if (
                issubclass(item, base)
                and item.__module__ == module.__name__
                and not item.__name__.startswith("_")
                and not inspect.isabstract(item)
                and item is not base
            ):
                found.append(item)
    found.sort(key=lambda c: (getattr(c, "list_order", 50), getattr(c, "year", 0), c.__name__))
    return Registry({getattr(c, "name", None) or c.__name__: c for c in found})
