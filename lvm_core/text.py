"""Text of users, made inert for the two places that interpret it: Streamlit's Markdown labels
and Plotly's pseudo-HTML.
"""

from __future__ import annotations

import html
import re

_MARKDOWN = set("\\`*_{}[]()<>#+-.!|~:$")


def clean(text, n: int = 80) -> str:
    """Printable characters only, at most ``n``; ``://`` is broken by a zero-width space so that
    nothing is fetched or linked.
    """
    text = "".join(c if c.isprintable() else " " for c in str(text))
    text = text if len(text) <= n else text[: n - 1] + "…"
    return text.replace("://", ":\u200b//")


def markdown(text, n: int = 80) -> str:
    """For every Streamlit label, caption, tab, option and toast."""
    text = "".join("\\" + c if c in _MARKDOWN else c for c in clean(text, n))
    # bare addresses become links after the escapes are gone: break them with a zero-width space,
    # like ``://``
    return re.sub(r"(?i)(www)(?=\\\.)", "\\1\u200b", text).replace("@", "@\u200b")


def plotly(text, n: int = 80) -> str:
    """For Plotly text, hover text, names and titles, which obey ``<b>``, ``<br>`` and ``<a>``."""
    return html.escape(clean(text, n), quote=False)
