"""Text of users, made inert for the two places that interpret it: Streamlit's Markdown labels
and Plotly's pseudo-HTML.
"""

from __future__ import annotations

import html
import re

_MARKDOWN = set("\\`*_{}[]()<>#+-.!|~:$")


def clean(text, n: int = 80) -> str:
    r"""Text of a user as printable characters that link to nothing.

    Parameters
    ----------
    text : object
        Whatever was given; turned into text first.
    n : int
        The most characters kept; the last of a text that is cut is an ellipsis.

    Returns
    -------
    str
        Unprintable characters are spaces, and ``://`` is broken by a zero-width space so that
        nothing is fetched or linked.

    Examples
    --------
    >>> from lvm_core.text import clean
    >>> clean("one\ttwo")
    'one two'
    >>> clean("a long name", 6)
    'a lon…'
    """
    text = "".join(c if c.isprintable() else " " for c in str(text))
    text = text if len(text) <= n else text[: n - 1] + "…"
    return text.replace("://", ":\u200b//")


def markdown(text, n: int = 80) -> str:
    r"""Text of a user for every Streamlit label, caption, tab, option and toast.

    Parameters
    ----------
    text : object
        Whatever was given; turned into text first.
    n : int
        The most characters kept, see :func:`clean`.

    Returns
    -------
    str
        The text with Markdown's characters escaped, and bare addresses broken by a zero-width
        space.

    Examples
    --------
    >>> from lvm_core.text import markdown
    >>> print(markdown("*bold*"))
    \*bold\*
    """
    text = "".join("\\" + c if c in _MARKDOWN else c for c in clean(text, n))
    # bare addresses become links after the escapes are gone: break them with a zero-width space,
    # like ``://``
    return re.sub(r"(?i)(www)(?=\\\.)", "\\1\u200b", text).replace("@", "@\u200b")


def plotly(text, n: int = 80) -> str:
    """Text of a user for Plotly: text, hover text, names and titles.

    Plotly obeys ``<b>``, ``<br>`` and ``<a>`` in them.

    Parameters
    ----------
    text : object
        Whatever was given; turned into text first.
    n : int
        The most characters kept, see :func:`clean`.

    Returns
    -------
    str
        The text with ``&``, ``<`` and ``>`` as entities.

    Examples
    --------
    >>> from lvm_core.text import plotly
    >>> plotly("<b>bold</b>")
    '&lt;b&gt;bold&lt;/b&gt;'
    """
    return html.escape(clean(text, n), quote=False)
