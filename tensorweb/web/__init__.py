"""TensorWeb in the page: `show` puts pictures there; serving and building pages is the command line's."""

from .pictures import show
