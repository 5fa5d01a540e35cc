"""A board whose sh a carrier reaches: the programs that run there, their answers, and the connection above both."""
