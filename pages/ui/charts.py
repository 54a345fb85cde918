"""How every Plotly chart of a page is set up."""

PLOT = {"displaylogo": False, "displayModeBar": False}
