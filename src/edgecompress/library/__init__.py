"""The functions of ``import edgecompress``: for files, and for networks in memory. Commands call what these call."""
