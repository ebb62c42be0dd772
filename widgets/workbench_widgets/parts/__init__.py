"""Parts that pages are built of: each a folder with its Python, JavaScript and style."""
