"""The kinds of published records, and how they get from files into a store and out of it again."""
