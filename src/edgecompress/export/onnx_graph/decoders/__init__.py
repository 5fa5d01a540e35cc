"""The decoders: for each encoding one module with one function of its name that builds the subgraph."""
