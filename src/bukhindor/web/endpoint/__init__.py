"""How a row of a route table is carried out: admit, decode, call, encode, refuse."""
