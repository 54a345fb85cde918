"""Set-up of the tests of pages."""

import math

import pytest


@pytest.fixture(autouse=True)
def at_once(request, monkeypatch):
    """Analyses begin without their Start button, but for tests that ask for ``start_buttons``."""
    from pages.ui import work

    if "start_buttons" not in request.fixturenames:
        monkeypatch.setattr(work, "SHORT", math.inf)


@pytest.fixture
def start_buttons():
    """Long analyses wait for their Start button, as in the app."""
