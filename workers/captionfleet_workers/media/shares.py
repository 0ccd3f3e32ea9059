"""What each lane and tenant has had of something that is scarce: who had least comes first."""

from collections import Counter, defaultdict

from captionfleet_ledger import Group
from captionfleet_schemas import Lane

WEIGHT = {Lane.INTERACTIVE: 4.0, Lane.BULK: 1.0}
"""Shares of the lanes while both ask; the same as at the model."""

Rank = tuple[float, bool, float]


class Shares:
    """Start-time fair queueing over lanes, and in a lane over tenants; pure arithmetic, in whatever is charged.

    Whoever begins to ask starts where the one is who was served last, so that idleness is not saved up.
    """

    def __init__(self) -> None:
        self._had: defaultdict[Lane | Group, float] = defaultdict(float)
        self._asking: Counter[Lane | Group] = Counter()
        self._lanes_at = 0.0
        self._tenants_at: defaultdict[Lane, float] = defaultdict(float)

    def enter(self, group: Group) -> None:
        """Somebody of a group asks."""
        self._begin(group.lane, self._lanes_at)
        self._begin(group, self._tenants_at[group.lane])

    def leave(self, group: Group) -> None:
        """That one asks no more. When nobody does, everything is forgotten."""
        self._asking -= Counter([group.lane, group])
        if not self._asking:
            self._had.clear()
            self._tenants_at.clear()
            self._lanes_at = 0.0

    def serve(self, group: Group) -> None:
        """A group's turn has come."""
        self._lanes_at = max(self._lanes_at, self._had[group.lane])
        self._tenants_at[group.lane] = max(self._tenants_at[group.lane], self._had[group])

    def charge(self, group: Group, cost: float) -> None:
        """A group has had so much more, or was charged too much before."""
        self._had[group.lane] += cost / WEIGHT[group.lane]
        self._had[group] += cost

    def rank(self, group: Group) -> Rank:
        """Sorts groups that ask: the first comes first."""
        return self._had[group.lane], group.lane is not Lane.INTERACTIVE, self._had[group]

    def _begin(self, one: Lane | Group, at: float) -> None:
        self._asking[one] += 1
        if self._asking[one] == 1:
            self._had[one] = max(self._had[one], at)
