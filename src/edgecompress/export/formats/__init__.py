"""The file formats: each is one module with one function of the same name that fulfils ``export.contract.Format``."""
