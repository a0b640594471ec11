"""The suite's grouping."""

from answering import serve

from triage.domain.grouping import group

serve(group, group)
