"""Watching: what passes through the steps, noted and drawn. No step imports it; it looks at them from outside.

A job's way through the files: `hooks` see it pass and tell of it as `events`; a `record` keeps what was told; a `board`
and a `timeline` draw that. `cell_output` puts what it prints under its cell.

A `journey` is such a record that can be kept: each event is an `entry`, a `scene` is where every job is at a moment, a
`map` has a place for it, and `shapes`, `apng` and `replay` show that. A worker process tells of its jobs by
`elsewhere`.
"""
