"""The proof that a rewritten model file computes what its source does, whatever their format."""
