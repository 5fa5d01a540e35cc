"""A board reached by the user's own OpenSSH client: one connection, shared by all that is done there."""
