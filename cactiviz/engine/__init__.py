"""One pass through a network: tracing, backpropagation, activations and gradients.

It leaves the network as it found it, whatever other threads do.
"""
