"""Free text without the values that its recipient may not have; `docs` has the meaning in words.

`values` says what is hidden, `doubt` when a text is withheld whole, `cutting` what is cut out.
"""
