"""Who guarantees whom, and who is in default."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.terms import AccountTerms


class Register:
    """Standing of every account and clearing member.

    Parameters
    ----------
    accounts : AccountTerms
        Terms of the traders.
    n_members : int
        Number of clearing members.

    Attributes
    ----------
    member_of : array of int64, shape (n_accounts,)
        Clearing member of each account now, after any porting.
    is_client : array of bool, shape (n_accounts,)
        False for a member's own account.
    in_default : array of bool, shape (n_accounts,)
        True from the default on, also after the close-out.
    closing : array of bool, shape (n_accounts,)
        True from the default to the end of the close-out.
    member_in_default : array of bool, shape (n_members,)
        Members that failed.
    """

    def __init__(self, accounts: AccountTerms, n_members: int) -> None:
        self.member_of = accounts.member.astype(np.int64)
        self.is_client = accounts.is_client
        self.in_default = np.zeros(accounts.count, dtype=np.bool_)
        self.closing = np.zeros(accounts.count, dtype=np.bool_)
        self.member_in_default = np.zeros(n_members, dtype=np.bool_)

    def closed_out(self) -> NDArray[np.bool_]:
        """Return the accounts whose close-out has ended: they have nothing left; shape (n_accounts,)."""
        return self.in_default & ~self.closing

    def performing(self) -> NDArray[np.bool_]:
        """Return the accounts that are not in default, shape (n_accounts,)."""
        return ~self.in_default

    def surviving(self) -> NDArray[np.bool_]:
        """Return the members that have not failed, shape (n_members,)."""
        return ~self.member_in_default

    def declare_default(self, accounts: NDArray[np.int64]) -> None:
        """Put accounts into default; their close-out begins."""
        self.in_default[accounts] = True
        self.closing[accounts] = True

    def end_close_out(self, account: int) -> None:
        """Take down that an account in default is flat and its balance settled."""
        self.closing[account] = False

    def fail(self, members: NDArray[np.bool_]) -> None:
        """Put the members marked True into default."""
        self.member_in_default[members] = True

    def port(self, accounts: NDArray[np.int64], member: int) -> None:
        """Move accounts to another clearing member."""
        self.member_of[accounts] = member
