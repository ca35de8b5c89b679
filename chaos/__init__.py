"""Stories of faults, told one after the other, and a table of how they ended. They are the tests' own, with more
repetitions and more load."""
