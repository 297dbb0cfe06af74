"""What a panel tells about a person: prior, likelihood, banks, sampler, and what may be said about the answer.

The path of a profile, one module each: `observe` places the measurements, `noise` says how far they may lie, `prior`
and `bank` draw people under every explanation, `likelihood` weighs them, `posterior` adds up and calls `smc` where the
bank is too thin, `verdict` says what was learnt about each quantity, `discrepancy` whether the person fits at all,
`classes` what this panel cannot separate, `next_tests` what would.
"""
