"""Before any training: what each kind of compression does to size, latency and memory of a network, measured."""
