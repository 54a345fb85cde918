"""The latent space itself: neighbours, paths, directions, densities, and how typical a code is."""
