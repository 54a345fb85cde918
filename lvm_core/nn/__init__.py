"""Networks and what trains them: layers, likelihoods of the decoder, the ELBO, the training
loop.
"""
