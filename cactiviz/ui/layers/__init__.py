"""The pages Filters and Neurons: what single channels of a layer look for."""
