"""edgecompress: compress a network, export files that stock runtimes load, measure them on the device."""

__version__ = "0.1.0"
