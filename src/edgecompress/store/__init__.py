"""The store: every published record in one SQLite file, or in a PostgreSQL database, found by what it is of."""
