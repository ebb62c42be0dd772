"""The one fast path: headers split into elements, equal stretches seen once."""
