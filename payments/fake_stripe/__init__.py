"""A simulated processor that answers in Stripe's own wire format under the real SDK. It moves no money."""
