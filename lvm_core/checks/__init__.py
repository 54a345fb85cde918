"""Checks for whoever adds a model, a projection, a codec, a reader or a dataset.

``check_model(MyModel)`` raises AssertionError in one sentence for the first property that does not
hold, and needs no pytest. ``model_checks(MyModel)`` lists the same properties one by one, each with
a name, for a test that is parametrised over them. The tests of this repository run them over
everything it registers.
"""

from .base import Check
from .codecs import check_codec, codec_checks
from .datasets import check_dataset, dataset_checks
from .models import check_model, model_checks
from .projections import check_projection, projection_checks
from .readers import check_reader, reader_checks

__all__ = [
    "Check",
    "check_codec",
    "check_dataset",
    "check_model",
    "check_projection",
    "check_reader",
    "codec_checks",
    "dataset_checks",
    "model_checks",
    "projection_checks",
    "reader_checks",
]
