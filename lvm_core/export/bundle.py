"""ES modules of our own: what each imports, and several as one script for a page without a server.

Only the plain forms are understood, which our modules keep to: ``import { a, b as c } from
"./x.js";`` and ``export`` before a function, class or constant. There is no build step for the app
itself.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]*\.js)";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.M)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.M)


def imports(name: str, text: str) -> list[str]:
    """Names of the modules that a module imports.

    Parameters
    ----------
    name : str
        The module's own path from the folder of all, such as ``map/grid.js``.
    text : str
        Its source.

    Returns
    -------
    list of str
        Paths from the same folder.

    Examples
    --------
    >>> imports("map/grid.js", 'import { UNITS } from "../shared/order.js";\\n')
    ['shared/order.js']
    """
    folder = posixpath.dirname(name)
    return [posixpath.normpath(posixpath.join(folder, path)) for _, path in _IMPORT.findall(text)]


def in_order(name: str, sources: Mapping[str, str]) -> list[str]:
    """A module and all it needs, each after what it imports.

    Parameters
    ----------
    name : str
        Path of the module.
    sources : mapping of str to str
        All modules: path -> source.

    Returns
    -------
    list of str
        Paths, the module itself last.

    Raises
    ------
    ValueError
        Where modules import each other in a circle, or one that is not there.

    Examples
    --------
    >>> from lvm_core.export.bundle import in_order
    >>> in_order("a.js", {"a.js": 'import { b } from "./b.js";\\n', "b.js": "", "c.js": ""})
    ['b.js', 'a.js']
    """
    found: list[str] = []

    def visit(module: str, above: tuple[str, ...]) -> None:
        if module in above:
            raise ValueError(f"modules import each other: {' -> '.join((*above, module))}")
        if module not in sources:
            raise ValueError(f"{above[-1] if above else 'nothing'} imports {module}: not there.")
        if module not in found:
            for other in imports(module, sources[module]):
                visit(other, (*above, module))
            found.append(module)

    visit(name, ())
    return found


def bundle(name: str, sources: Mapping[str, str]) -> str:
    """One classic script that does what a module does; the same bytes for the same sources.

    Parameters
    ----------
    name : str
        Path of the module to run.
    sources : mapping of str to str
        All modules: path -> source.

    Returns
    -------
    str
        The script.

    Raises
    ------
    ValueError
        Where a module uses another form of import or export than the plain ones.

    Examples
    --------
    >>> parts = {"a.js": 'import { b as c } from "./b.js";\\nc();\\n'}
    >>> print(bundle("a.js", parts | {"b.js": "export function b() {}\\n"}))
    (() => {
    "use strict";
    const b_js = (() => {
    function b() {}
    return { b };
    })();
    const a_js = (() => {
    const { b: c } = b_js;
    c();
    return {};
    })();
    })();
    <BLANKLINE>
    """
    parts = [
        f"const {_variable(module)} = (() => {{\n{_body(module, sources[module])}}})();\n"
        for module in in_order(name, sources)
    ]
    return f'(() => {{\n"use strict";\n{"".join(parts)}}})();\n'


def _variable(module: str) -> str:
    return re.sub(r"\W", "_", module)


def _body(module: str, text: str) -> str:
    targets = iter(imports(module, text))
    names = _EXPORT.findall(text)

    def taken(found: re.Match) -> str:
        wanted = [part.strip().replace(" as ", ": ") for part in found[1].split(",")]
        return f"const {{ {', '.join(filter(None, wanted))} }} = {_variable(next(targets))};\n"

    body = _EXPORT.sub("", _IMPORT.sub(taken, text))
    if other := _OTHER.search(body):
        raise ValueError(f"{module} has a form that cannot be bundled: {other[0]}")
    return f"{body}return {{ {', '.join(names)} }};\n" if names else f"{body}return {{}};\n"
