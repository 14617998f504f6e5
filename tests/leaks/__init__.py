"""Leaks put into the engine on purpose, to see that a test catches each.

`make leaks` tries all of them and writes down in `caught.json` what caught each; `make test` tries
some. A leak replaces functions of the running process by others with a fault; no file is changed.
"""
