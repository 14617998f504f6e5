"""Free text without the values that its recipient may not have.

`values` collects what a decision hides, `doubt` says when a text is withheld whole, `hidden` what
is looked for in the others, `cutting` cuts it out; `decided` is how a plan asks for all this.

Nothing here compiles a pattern from a value or remembers one: what is found out about one event
must not outlive it in a cache. Texts are cut by fixed patterns, and the pieces are looked up.
"""
