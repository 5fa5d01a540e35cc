"""float16 arithmetic: files whose layers are computed in float16 on processors that have the instructions."""
