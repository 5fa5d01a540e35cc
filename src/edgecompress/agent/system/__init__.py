"""The state of the operating system: memory, processor, load. Files are read under a root that a test can choose."""
