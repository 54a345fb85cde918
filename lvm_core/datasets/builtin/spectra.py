"""Synthetic spectra of stars, with the numbers that made them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from ...params import param
from ..base import Dataset, Source
from ..vectors import array_dataset

C2 = 1.438777e8  # second radiation constant h c / k_B, in Angstrom Kelvin (CODATA 2018)
LIGHT = 299_792.458  # speed of light in km/s
# Angstrom, in air
HYDROGEN = {"H alpha": 6562.8, "H beta": 4861.3, "H gamma": 4340.5, "H delta": 4101.7}
METALS = {
    "Ca K": 3933.7,
    "Ca H": 3968.5,
    "Mg b": 5175.3,
    "Fe": 5270.4,
    "Na D": 5892.9,
    "Ca triplet": 8542.1,
}


@dataclass
class Spectra(Source):
    """Spectra of synthetic stars: Planck's law, absorption lines, a shift by velocity, and noise.

    Planck's law is taken at a star's temperature; the lines are those of hydrogen and metals.
    Hydrogen lines are deepest near 9500 K and metal lines in cool stars, as in the Harvard
    sequence. Fluxes are divided by their mean, so brightness and distance play no part.

    Parameters
    ----------
    n : int
        How many stars.
    wavelengths : int
        Points from 3700 to 9000 Angstrom.
    noise : float
        Standard deviation of the noise, as a share of the mean flux.
    seed : int
        Seed of the stars and of the noise.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> data = DATASETS["spectra"](n=20, wavelengths=100).load()
    >>> data.X.shape, data.rows.columns.tolist()
    ((20, 100), ['temperature', 'velocity', 'line width', 'hydrogen', 'metals'])
    """

    name: ClassVar[str] = "spectra"
    title: ClassVar[str] = "Star spectra"
    summary: ClassVar[str] = (
        "Light of synthetic stars at thousands of wavelengths. Temperature, line strength, line "
        "width and "
        "velocity made them, and are kept to compare with."
    )
    kind: ClassVar[str] = "array"
    list_order: ClassVar[int] = 40
    origin: ClassVar[str] = "Generated here: Planck's law, 1900, and Gaussian absorption lines"

    n: int = param(1000, low=10, high=20_000, log=True, help="How many stars.", label="Stars")
    wavelengths: int = param(
        3000, low=100, high=10_000, log=True, help="Points from 3700 to 9000 Angstrom."
    )
    noise: float = param(
        0.02,
        low=0.0,
        high=0.5,
        help="Standard deviation of the noise, as a share of the mean flux.",
    )
    seed: int = param(
        0, low=0, high=2**31 - 1, help="Seed of the stars and of the noise.", advanced=True
    )

    def load(self) -> Dataset:
        rng = np.random.default_rng(self.seed)
        axis = np.linspace(3700, 9000, self.wavelengths)
        stars = pd.DataFrame(
            {
                "temperature": np.exp(rng.uniform(np.log(3500), np.log(20_000), self.n)),  # Kelvin
                "velocity": rng.normal(0, 150, self.n),  # km/s, away from us
                "line width": rng.uniform(3, 15, self.n),  # Angstrom, standard deviation
                # strength of each family of lines, 0 to 1
                "hydrogen": rng.uniform(0.5, 1, self.n),
                "metals": rng.uniform(0.2, 1, self.n),
            }
        )
        flux = np.stack([self._spectrum(axis, *star) for star in stars.itertuples(index=False)])
        flux = flux + self.noise * rng.standard_normal(flux.shape)
        notes = [
            (
                f"{self.n:,} spectra at {self.wavelengths:,} wavelengths; each is divided by its "
                "mean flux."
            ),
            "temperature (K), velocity (km/s), line width (Angstrom) and the strengths of hydrogen "
            "and metals are the true "
            "latents.",
        ]
        return array_dataset(
            flux,
            self.name,
            stars,
            "temperature",
            notes,
            axis=axis,
            axis_label="Wavelength in Å",
            value_label="Flux / mean flux",
        )

    @staticmethod
    def _spectrum(
        axis: np.ndarray,
        temperature: float,
        velocity: float,
        width: float,
        hydrogen: float,
        metals: float,
    ) -> np.ndarray:
        flux = axis**-5 / np.expm1(C2 / (axis * temperature))
        warm = 0.8 * hydrogen * np.exp(-0.5 * (np.log(temperature / 9500) / 0.35) ** 2)
        cool = 0.7 * metals / (1 + (temperature / 6000) ** 6)
        for lines, depth in ((HYDROGEN, warm), (METALS, cool)):
            for centre in lines.values():
                flux = flux * (
                    1
                    - depth * np.exp(-0.5 * ((axis - centre * (1 + velocity / LIGHT)) / width) ** 2)
                )
        return flux / flux.mean()
