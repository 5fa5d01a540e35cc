"""The engines that compute cells: each file holds one function of its name, which opens a pool of workers."""
