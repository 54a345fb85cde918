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


def spaced(name: str) -> str:
    """The name of a class as people write it.

    Parameters
    ----------
    name : str
        Name of a class.

    Returns
    -------
    str
        The same in words.

    Examples
    --------
    >>> from lvm_core.text import spaced
    >>> spaced("KernelPCA"), spaced("ConditionalVAE"), spaced("VAE")
    ('Kernel PCA', 'Conditional VAE', 'VAE')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)


def counted(n: int, one: str, many: str = "") -> str:
    """A number and what it counts.

    Parameters
    ----------
    n : int
        How many.
    one : str
        What one of them is called.
    many : str, default=""
        What several are called; with an s where it is not said.

    Returns
    -------
    str
        Both, in the right number.

    Examples
    --------
    >>> from lvm_core.text import counted
    >>> counted(1, "row"), counted(1200, "row"), counted(2, "series", "series")
    ('1 row', '1,200 rows', '2 series')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def file_stem(*parts) -> str:
    """Texts of users as the beginning of a file's name, on any system.

    Parameters
    ----------
    *parts : object
        What the name says, one after the other; empty ones are left out.

    Returns
    -------
    str
        Letters and digits of any script, in words with hyphens between them.

    Examples
    --------
    >>> from lvm_core.text import file_stem
    >>> file_stem(12, "VAE", "My photos/../2024.zip")
    '12-vae-my-photos-2024-zip'
    """
    words = [re.sub(r"[\W_]+", "-", str(part)).strip("-").lower()[:60] for part in parts]
    return "-".join(word.strip("-") for word in words if word) or "unnamed"


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
