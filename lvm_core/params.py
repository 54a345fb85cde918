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
_LABELS = {"latent_dim": "Latent dimensions"}  # where the name of a field is not yet its words


@dataclass(frozen=True)
class Parameter:
    """What one field of a set of parameters accepts, as validation and the forms read it.

    Made by :meth:`Params.parameters`, not by hand.

    Parameters
    ----------
    name : str
        Name of the field.
    type : type
        ``int``, ``float``, ``bool`` or ``str``.
    default : object
        The value it has when none is given.
    low, high : float, optional
        Least and greatest value, both included; None for no bound.
    choices : tuple, optional
        The only values it may have.
    help : str
        Its explanation in one line.
    label : str
        Its name in a form.
    log : bool
        Whether forms use a logarithmic scale.
    advanced : bool
        Whether forms fold the field away.
    optional : bool
        Whether None is a value of it.

    See Also
    --------
    param : State a parameter as the field of a dataclass.

    Examples
    --------
    >>> from lvm_core.params import Parameter
    >>> epochs = Parameter("epochs", int, 10, low=1, high=512)
    >>> epochs.domain()
    'a whole number from 1 to 512'
    >>> epochs.check(0)
    Traceback (most recent call last):
        ...
    ValueError: epochs is 0, expected a whole number from 1 to 512.
    """

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
        """Refuse a value outside the domain.

        Parameters
        ----------
        value : object
            The value to check. NumPy's numbers count as Python's; True and False are no numbers.
        owner : str
            What the sentence begins with, such as the name of the model.

        Raises
        ------
        ValueError
            One sentence: what was found, what was expected.
        """
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
    """State a parameter: a dataclass field with its default, its domain and its explanation.

    Parameters
    ----------
    default : object
        The value it has when none is given.
    low, high : float, optional
        Least and greatest value, both included; without one there is no bound.
    choices : iterable, optional
        The only values it may have.
    help : str
        Its explanation in one line.
    label : str
        Its name in a form; made from the name of the field where it is empty.
    log : bool
        Asks forms for a logarithmic scale.
    advanced : bool
        Folds the field away in forms.

    Returns
    -------
    dataclasses.Field
        To be assigned in the body of a dataclass that derives from :class:`Params`.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from lvm_core.params import Params, param
    >>> @dataclass
    ... class Walk(Params):
    ...     steps: int = param(10, low=1, help="How many steps.")
    >>> Walk().steps
    10
    >>> Walk.parameters()["steps"].domain()
    'a whole number of at least 1'
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
    """Base of everything that is configured by parameters.

    Subclasses are dataclasses of :func:`param` fields.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from lvm_core.params import Params, param
    >>> @dataclass
    ... class Walk(Params):
    ...     steps: int = param(10, low=1, help="How many steps.")
    ...     length: float = param(1.0, low=0.0, help="How long a step is.")
    >>> Walk(steps=3).to_config()
    {'name': 'Walk', 'params': {'steps': 3, 'length': 1.0}}
    >>> Walk(steps=0).validate()
    Traceback (most recent call last):
        ...
    ValueError: Walk: steps is 0, expected a whole number of at least 1.
    """

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """The parameters of the class.

        Returns
        -------
        dict of str to Parameter
            By name, in the order of the fields.
        """
        hints = typing.get_type_hints(cls)
        found = {}
        for field in dataclasses.fields(cast(Any, cls)):
            kind, optional = hints[field.name], False
            if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
                args = [a for a in typing.get_args(kind) if a is not type(None)]
                optional, kind = len(args) < len(typing.get_args(kind)), args[0]
            meta = dict(field.metadata[_KEY])
            words = _LABELS.get(field.name) or field.name.replace("_", " ").capitalize()
            meta["label"] = meta["label"] or words
            found[field.name] = Parameter(
                field.name, kind, field.default, optional=optional, **meta
            )
        return found

    def validate(self) -> None:
        """Check every parameter against its domain.

        Raises
        ------
        ValueError
            For the first parameter outside its domain.
        """
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
        """Short hash of the set of parameters.

        Returns
        -------
        str
            16 hexadecimal digits; the same parameters give the same key on every machine.
        """
        text = json.dumps(self.to_config(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any, kind: type) -> Any:
    value = value.item() if hasattr(value, "item") else value
    # 1 and 1.0 are one recipe
    return float(value) if kind is float and type(value) is int else value


class Registry(dict):
    """Classes by name, with a forgiving look-up.

    Case and punctuation do not matter (``"t-sne"`` finds ``TSNE``), and a miss names what exists.

    Raises
    ------
    KeyError
        On look-up of a name that is not there; its message lists those that are.

    Examples
    --------
    >>> from lvm_core.params import Registry
    >>> registry = Registry({"TSNE": int, "PCA": float})
    >>> registry["t-sne"]
    <class 'int'>
    >>> registry["UMAP"]
    Traceback (most recent call last):
        ...
    KeyError: "'UMAP' is not here; there are: TSNE, PCA"
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
    """Find the public subclasses of a class in the modules of a package.

    A class is public when it is defined in a module of the package (not ``base``), is not abstract
    and does not begin with ``_``. Dropping a file into the package is the whole job of adding one.

    Parameters
    ----------
    package : str
        Dotted name of the package; each of its modules is imported.
    base : type
        What the classes derive from.

    Returns
    -------
    Registry
        The classes by their ``name``, or the name of the class where they state none; in the order
        of (``list_order``, ``year``, name of the class), where a class states them.

    Examples
    --------
    >>> from lvm_core.codecs.base import Codec
    >>> from lvm_core.params import discover
    >>> list(discover("lvm_core.codecs", Codec))
    ['ArrayCodec', 'ImageCodec', 'TableCodec', 'TextCodec']
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
