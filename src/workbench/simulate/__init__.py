"""A small hospital with known doses, and peers that behave and misbehave like real ones.

``hospital.simulate_hospital`` makes it, ``bundled.bundled_files`` lists real files beside it.
"""
