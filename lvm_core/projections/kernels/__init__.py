"""Loops over points that need a compiler (numba), apart from the maps so that finding those
does not load it.
"""
