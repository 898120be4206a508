"""The conduct rules as pure functions: facts in, decision out. No clock, no database, no Django in this package."""
