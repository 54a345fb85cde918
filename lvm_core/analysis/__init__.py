"""Questions asked of a fitted model and its codes, one file each."""
