"""The encodings: each is one module that fulfils ``encode.contract.Encoding``, and its file's name is its name."""
