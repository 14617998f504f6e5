"""Laws at length: `make soak MINUTES=60` tries the next seeds of each and writes what it found.

A law is a generator function: it takes a range of seeds, yields for each how many cases it tried,
and raises for the first that breaks it. What it does with a seed follows from the seed alone. To
add one, put it into `laws.LAWS`.
"""
