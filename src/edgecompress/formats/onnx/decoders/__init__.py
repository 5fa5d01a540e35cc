"""The decoders: for each coder of ``encode.coders`` the operators that read it, and those that put tensors together."""
