"""What the operating system tells: memory, processor, load. Files are read under a root that a test can choose."""
