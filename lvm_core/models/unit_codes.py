"""Codes that end as wide as their prior."""

from __future__ import annotations

import copy

import numpy as np

from ..bounds import DECODED, meet_the_prior

ROWS = 1024         # tell a spread to 2 %


class UnitCodes:
    """For models with the prior N(0, I): at the end of a fit the codes are shifted and scaled so that over the rows they have mean 0 and
    mean square 1, see :func:`lvm_core.bounds.meet_the_prior`. What is shown while it learns is shown so too: as it would be if the fit
    ended there.

    A model says how its posterior's moments are found (``_moments``) and which of its networks give and read codes (``_code_ends``).
    """

    def _moments(self, net, generator, *rows):
        """Means (n, k) of z and of z^2 of some rows; ``generator`` for what has to be drawn."""
        raise NotImplementedError

    def _code_ends(self):
        return self.net_.encoder, self.net_.decoder

    def _some_rows(self, *arrays, draws: int = 1) -> None:
        """Keep the rows that the moments are taken from by so many draws, until :meth:`_unit_codes` lets them go."""
        step = -(-arrays[0].shape[0] // ROWS)
        self._few, self._draws_each = tuple(array[::step] for array in arrays), draws

    def _unit_codes(self) -> None:
        from ..nets import in_batches
        from ..training import seeded

        generator = seeded(np.random.RandomState(0), next(self.net_.parameters()).device)
        most = max(1, DECODED // (self._draws_each * self._few[0].shape[1]))
        meet_the_prior(*self._code_ends(), *in_batches(lambda net, *rows: self._moments(net, generator, *rows), self.net_, *self._few, size=most))
        del self._few, self._draws_each

    def glimpse(self, X, Z):
        ended = copy.copy(self)
        ended.net_ = copy.deepcopy(self.net_).eval()
        ended._unit_codes()
        return super(UnitCodes, ended).glimpse(X, Z)
