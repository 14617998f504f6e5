"""An oracle that shares nothing with us: the clauses of an agreement, said to Cedar.

Cedar (https://www.cedarpolicy.com) decides `permit` and `forbid` policies with another engine, in
another language, by other people. `translation` says an agreement's text in it, `spots` and
`situations` say what an event and a register hold, `asking` compares the answers. What is asked is
what clauses decide: which field goes to which audience, in which form, in which situation. Gates,
and what scrubbing makes of a text, are not asked.
"""
