"""One run in a process of its own."""

from .fitting import Fitted as Fitted, Mapped as Mapped, fit_run as fit_run, map_codes as map_codes
