"""Samples of a model that fulfil conditions on the columns of its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..capabilities import SamplesConditionally
from ..codecs.conditions import condition_bounds, fulfil
from ..codecs.table import TableCodec


def sample_conditional(
    model: SamplesConditionally,
    codec: TableCodec,
    conditions: Mapping[Any, Any],
    n: int,
    *,
    random_state=None,
) -> tuple[np.ndarray, pd.DataFrame]:
    """New rows of a table, drawn from the model's distribution given the conditions.

    Parameters
    ----------
    model : SamplesConditionally
        Fitted to rows of the codec.
    codec : TableCodec
        Of the table.
    conditions : dict
        Column -> a value, a tuple (low, high) of which either may be None, or a list of levels.
        None stands for a missing value.
    n : int
        How many.
    random_state : int, RandomState or None
        Of the draws.

    Returns
    -------
    X : array (n, d)
        The rows as the model sees them.
    rows : DataFrame (n, ...)
        The same in the columns of the table; each fulfils all conditions.

    Raises
    ------
    ValueError
        For conditions that no row can fulfil, saying which.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core import MODELS
    >>> from lvm_core.analysis.conditional_samples import sample_conditional
    >>> from lvm_core.codecs.table import TableCodec
    >>> rng = np.random.RandomState(0)
    >>> kind = rng.choice(["elm", "oak"], 300)
    >>> height = np.where(kind == "elm", 5.0, 9.0) + rng.normal(size=300)
    >>> table = pd.DataFrame({"kind": kind, "height": height})
    >>> codec = TableCodec.of(table)
    >>> model = MODELS["ProductMixture"](latent_dim=2, components=20)
    >>> model = model.fit(codec.encode(table), schema=codec.schema)
    >>> _, rows = sample_conditional(model, codec, {"height": (8, None)}, 4, random_state=0)
    >>> rows["kind"].tolist(), bool((rows["height"] >= 8).all())
    (['oak', 'oak', 'oak', 'oak'], True)
    """
    low, high = condition_bounds(codec, conditions)
    X = model.sample_conditional(low, high, n, random_state=random_state)
    return X, fulfil(codec.decode(X), codec, conditions)
