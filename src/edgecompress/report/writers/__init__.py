"""The writers of a document: one file each, one function of its name, from a document to text."""
