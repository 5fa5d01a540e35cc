"""The user's own data: a folder of images, an ``.npz`` file, or a function that returns arrays."""
