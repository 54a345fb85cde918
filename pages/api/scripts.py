"""Our JavaScript: ES modules from a route of our own, and the Streamlit components that import
them.

The address of a module holds a hash of all modules, so browsers may keep it for good and a page
never mixes two versions. A request never reaches the file system: all modules are read at start.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lvm_core.export.bundle import in_order

ASSETS = Path(__file__).parents[2] / "assets"


@cache
def modules() -> dict[str, str]:
    """Every module: path below ``assets/js`` -> source."""
    folder = ASSETS / "js"
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.js"))
    }


@cache
def version() -> str:
    """Changes whenever a module does."""
    return hashlib.sha256(json.dumps(modules()).encode()).hexdigest()[:16]


@cache
def loader(module: str) -> str:
    """The JavaScript of a Streamlit component: it imports ``module`` and hands its default on.

    Streamlit makes a ``blob:`` of it, from where only whole addresses lead back to the server. All
    that the module needs is asked for at once, not one import after the other. Where the server is
    away or holds another version by now, the page is loaded anew once it answers; what does that
    cannot be asked for then, and is part of the text.
    """
    reload = modules()["shared/reload.js"].replace("export async", "async")
    names = json.dumps([module, *in_order(module, modules())[:-1]])
    return (
        f"const at = (name) => new URL(`live/js/{version()}/${{name}}`, document.baseURI).href;\n"
        f"const [found] = await Promise.all({names}.map((name) => import(at(name))))"
        ".catch((error) => { reloadWhenBack(window); throw error; });\n"
        f"export default found.default;\n{reload}"
    )


def read(name: str) -> str:
    """A file of ``assets/components``: the HTML or CSS of a component."""
    return (ASSETS / "components" / name).read_text(encoding="utf-8")


def component(name: str, module: str, *, html: str | None = None, css: str | None = None):
    """A Streamlit component whose parts are ``components/{name}.html``, ``.css`` and a module.

    Parameters
    ----------
    name : str
        What it is called, and its files.
    module : str
        Path below ``assets/js``; its default export is called with the component.
    html, css : str, optional
        In place of those files.
    """
    return st.components.v2.component(
        f"latent_{name}",
        html=read(f"{name}.html") if html is None else html,
        css=read(f"{name}.css") if css is None else css,
        js=loader(module),
        isolate_styles=False,
    )


async def _module(request: Request) -> Response:
    name = request.path_params["name"]
    if request.path_params["version"] != version() or name not in modules():
        return PlainTextResponse("There is no such module here; reload the page.", 404)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{version()}"',
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(modules()[name], media_type="text/javascript", headers=headers)


routes = [Route("/live/js/{version}/{name:path}", _module, methods=["GET"])]
