"""Processes of the exchange: transfers between members, and opening a market with its subsidy; undone if they fail half-way."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser

from governance.access.policies import require
from governance.identity.models import User
from markets.commands.answers import visible_market
from markets.commands.errors import SameAccount
from markets.commands.money import Note, Units, account_answer, require_member
from markets.ledger import services as ledger
from markets.ledger.models import Account
from markets.lifecycle import services as lifecycle
from markets.lifecycle.models import Market
from markets.trading.commands import IdempotencyKey
from opinion_market.eventstore import processes
from opinion_market.eventstore.commands import Answer, Command, CommandInput
from opinion_market.eventstore.process_types import Context, ProcessType, Step
from opinion_market.eventstore.tasks import send_process
from opinion_market.kernel.errors import NotPermitted


class TransferInput(CommandInput):
    organization: UUID
    source: UUID
    target: UUID
    units: Units
    note: Note = ""


class SubsidizedOpeningInput(CommandInput):
    market: UUID
    units: Units
    note: Note = ""


def _user(actor: AbstractBaseUser) -> User:
    if not isinstance(actor, User):
        raise NotPermitted
    return actor


def _withdraw(context: Context) -> Mapping[str, object]:
    given: TransferInput = context.input
    require_member(given.organization, given.source)
    return _moved(ledger.withdraw, context, given, given.source)


def _deposit(context: Context) -> Mapping[str, object]:
    given: TransferInput = context.input
    require_member(given.organization, given.target)
    return _moved(ledger.deposit, context, given, given.target)


def _give_back(context: Context) -> Mapping[str, object]:
    """Whoever paid gets it back, a member still or not."""
    given: TransferInput = context.input
    return _moved(ledger.deposit, context, given, given.source)


def _moved(
    move: Callable[..., Account], context: Context, given: TransferInput, owner_id: UUID
) -> Mapping[str, object]:
    account = move(
        actor=_user(context.actor),
        owner_id=owner_id,
        organization_id=given.organization,
        units=given.units,
        note=given.note,
        now=context.now,
    )
    return account_answer(account)


def _organization_of_market(given: SubsidizedOpeningInput) -> UUID | None:
    return Market.objects.filter(pk=given.market).values_list("organization_id", flat=True).first()


def _fund(context: Context) -> Mapping[str, object]:
    return _subsidy(ledger.fund_subsidy, context)


def _unfund(context: Context) -> Mapping[str, object]:
    return _subsidy(ledger.return_subsidy, context)


def _subsidy(move: Callable[..., Account], context: Context) -> Mapping[str, object]:
    given: SubsidizedOpeningInput = context.input
    actor = _user(context.actor)
    market = visible_market(actor, given.market)
    account = move(
        actor=actor, organization_id=market.organization_id, units=given.units, note=given.note, now=context.now
    )
    return account_answer(account)


def _open(context: Context) -> Mapping[str, object]:
    given: SubsidizedOpeningInput = context.input
    actor = _user(context.actor)
    market = visible_market(actor, given.market)
    key = IdempotencyKey(actor.pk, f"process-{context.key}", context.key.hex)
    return lifecycle.open_market(actor=actor, market=market, now=context.now, idempotency=key).unwrap()


TRANSFER = ProcessType(
    "TransferFunds",
    TransferInput,
    (Step("withdraw", _withdraw, undo=_give_back), Step("deposit", _deposit)),
    organization=lambda given: given.organization,
    summary="Move play money from one member's account to another's; given back if it cannot be paid in.",
)
SUBSIDIZED_OPENING = ProcessType(
    "OpenMarketWithSubsidy",
    SubsidizedOpeningInput,
    (Step("fund", _fund, undo=_unfund), Step("open", _open, sequenced=True)),
    organization=_organization_of_market,
    summary="Set money aside for a market's house market maker and open it; taken back if it cannot be opened.",
)
PROCESSES = (TRANSFER, SUBSIDIZED_OPENING)


def transfer_funds(*, actor: User, input: TransferInput, now: datetime) -> Answer:
    """Begin a transfer. Raises PermissionMissing, MemberNotFound, SameAccount."""
    require(actor, "participants.update", input.organization)
    require_member(input.organization, input.source)
    require_member(input.organization, input.target)
    if input.source == input.target:
        raise SameAccount
    return _started(TRANSFER, actor, input, now)


def open_market_with_subsidy(*, actor: User, input: SubsidizedOpeningInput, now: datetime) -> Answer:
    """Begin an opening. Raises MarketNotFound, PermissionMissing."""
    market = visible_market(actor, input.market)
    require(actor, "markets.approve", market.organization_id)
    require(actor, "markets.update", market.organization_id)
    return _started(SUBSIDIZED_OPENING, actor, input, now)


def _started(type: ProcessType, actor: User, input: CommandInput, now: datetime) -> Answer:
    process = processes.start(type=type, actor=actor, input=input, now=now, send=send_process)
    return Answer({"process": str(process.pk)}, status="accepted")


COMMANDS = (
    Command("TransferFunds", TransferInput, transfer_funds, "participants.update", TRANSFER.summary),
    Command(
        "OpenMarketWithSubsidy",
        SubsidizedOpeningInput,
        open_market_with_subsidy,
        "markets.approve",
        SUBSIDIZED_OPENING.summary,
    ),
)
