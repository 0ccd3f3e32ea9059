"""The accounts of the model's service, as one process calls them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from captionfleet_ledger import Rates
from captionfleet_workers.model.port import ModelPort
from captionfleet_workers.model.uploads import Uploads
from captionfleet_workers.model_accounts import ModelAccount


@dataclass(frozen=True, slots=True)
class Account:
    """One of them, connected."""

    terms: ModelAccount
    model: ModelPort
    uploads: Uploads | None
    """The model's own storage; None where it has none, or must not be used."""

    @property
    def name(self) -> str:
        """As the ledger knows it; empty for the only one."""
        return self.terms.name


class Accounts:
    """All of them; the first one is what quotes go by."""

    def __init__(self, accounts: Sequence[Account], rates_of: Callable[[ModelAccount, str], Rates]) -> None:
        """`rates_of` says what an account allows of a model."""
        self._accounts = {account.name: account for account in accounts}
        self._rates_of = rates_of
        self.first = accounts[0]
        self.names = tuple(self._accounts)

    @property
    def several(self) -> bool:
        """Whether another one can take over."""
        return len(self._accounts) > 1

    def __getitem__(self, name: str) -> Account:
        """The account of that name."""
        return self._accounts[name]

    def __iter__(self) -> Iterator[Account]:
        """Each of them."""
        return iter(self._accounts.values())

    def rates(self, model: str) -> tuple[Rates, ...]:
        """What each of them allows of a model."""
        return tuple(self._rates_of(account.terms, model) for account in self)

    def rates_on(self, account: Account, model: str) -> Rates:
        """What one of them allows of a model."""
        return self._rates_of(account.terms, model)

    def together(self, model: str) -> Rates:
        """What they allow of a model in all."""
        every = self.rates(model)
        return replace(
            every[0],
            account="",
            requests_per_second=_sum([rates.requests_per_second for rates in every]),
            tokens_per_second=_sum([rates.tokens_per_second for rates in every]),
        )

    def close(self) -> None:
        """Close the connections of all."""
        for account in self:
            account.model.close()


def _sum(limits: Sequence[float]) -> float:
    """0 is no limit, and so is the sum with one of them."""
    return sum(limits) if all(limits) else 0.0
