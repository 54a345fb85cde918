"""How good new samples are: distances between distributions, copies, marginals of tables."""
