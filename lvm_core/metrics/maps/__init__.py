"""How far a map can be trusted: ranks, neighbourhoods, agreement at large scale."""
