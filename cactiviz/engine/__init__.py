"""One pass through a network: tracing, backpropagation, activations and gradients.

The network is left unchanged, and other threads may use it at the same time.
"""
