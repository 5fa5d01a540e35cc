"""int8 files: static post-training quantisation by the runtimes' own quantisers, each in a process of its own."""
