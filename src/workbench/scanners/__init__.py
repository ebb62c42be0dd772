"""Which machine a header speaks of: spellings folded, machines told apart, names given.

``device_signs`` folds what a header says of its machine, ``machines`` groups what is one machine,
``scanner_names`` says under which name each is shown, ``scanner_file`` keeps what people decided.
"""
