"""Voice providers behind one port. Only ``calling.dialler`` imports from here."""
