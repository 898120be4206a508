"""A telephone network for demos and tests: one process, real HTTP, no audio and no real phone.

It speaks the Twilio dialect (REST API, TwiML, signed webhooks), plays the people who are called, can lose, repeat and
delay callbacks, and shows two phones on a page that a person can play by hand. It uses the standard library alone and
imports nothing of the product; nothing of the product imports it.
"""
