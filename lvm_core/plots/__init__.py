"""Figures by subject, with the colours and the tiling they are drawn with."""
