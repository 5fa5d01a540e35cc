"""The writers of a whole report: one file each, one function of its name, from a document to text.

The writers beside this package write one benchmark; what is here writes all records together.
"""
