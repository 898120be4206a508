"""Wiring: settings, addresses, the web and task applications, the embedded database and the demo's supervisor."""
