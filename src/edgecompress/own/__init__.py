"""The user's own model and data: read from where they are, and handed on as any network and data set is."""
