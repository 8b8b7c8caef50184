"""The only place that knows the order of the layers and how a destination becomes a topic."""
