"""The stages of the compression: a file each, the order that a recipe gives them, and what runs and keeps them."""
