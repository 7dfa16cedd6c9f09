"""roadplan: model a highway, track its works and plan its snow clearing."""

__version__ = "0.1.0"
