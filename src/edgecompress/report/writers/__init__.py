"""Report writers: a record and its bundle's manifest become text. One file each, one function of its name."""
