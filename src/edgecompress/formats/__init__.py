"""The formats of model files, a folder each; `contract` says what a format is, `find` finds it by its folder's name."""
