"""The dossier as the documentation describes it."""

from typing import Any

from rest_framework import serializers

from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.models import DecisionRequest, Dispute, Evidence, ResolutionProposal

_Strings = serializers.ListField(child=serializers.CharField())


def _vector(**kwargs: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.IntegerField(), **kwargs)


class PersonSerializer(serializers.Serializer[Any]):
    alias = serializers.CharField(help_text="The same throughout this dossier, and meaningless outside of it.")
    own = serializers.BooleanField(help_text="It is you.")
    name = serializers.CharField(allow_null=True, help_text="For those who hold markets.read.")
    id = serializers.UUIDField(allow_null=True)


class DossierAccountSerializer(serializers.Serializer[Any]):
    alias = serializers.CharField()
    own = serializers.BooleanField(help_text="It is yours.")
    kind = serializers.ChoiceField(choices=Account.Kind.choices, allow_null=True)
    id = serializers.IntegerField(allow_null=True, help_text="For those who hold markets.read.")
    name = serializers.CharField(allow_null=True)


class DossierEvidenceSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Evidence.Kind.choices)
    name = serializers.CharField()
    sha256 = serializers.CharField()
    url = serializers.CharField(required=False)
    media_type = serializers.CharField(required=False)
    size_bytes = serializers.IntegerField(required=False)


class DossierDisputeSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    account = DossierAccountSerializer()
    raised_at = serializers.DateTimeField()
    reason = serializers.CharField()
    bond_units = serializers.IntegerField()
    bond = serializers.ChoiceField(choices=Dispute.Bond.choices)
    evidence = DossierEvidenceSerializer(many=True)


class DossierProposalSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ResolutionProposal.State.choices)
    payout = _vector()
    reason = serializers.CharField()
    proposed_by = PersonSerializer()
    proposed_at = serializers.DateTimeField()
    disputable_until = serializers.DateTimeField()
    confirmed_by = PersonSerializer(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)
    decided_by = PersonSerializer(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decision = serializers.CharField()
    evidence = DossierEvidenceSerializer(many=True)
    disputes = DossierDisputeSerializer(many=True)


class DossierRequestSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=DecisionRequest.Kind.choices)
    state = serializers.ChoiceField(choices=DecisionRequest.State.choices)
    payout = _vector(allow_null=True)
    reason = serializers.CharField()
    requested_by = PersonSerializer()
    requested_at = serializers.DateTimeField()
    decided_by = PersonSerializer(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decision = serializers.CharField()
    evidence = DossierEvidenceSerializer(many=True)


class DossierDecisionSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="The event by which it was decided.")
    type = serializers.CharField()
    at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="The moment a scheduled step was due.")
    by = PersonSerializer(allow_null=True, help_text="null: the scheduler.")
    held = _vector(help_text="Contracts they held per outcome just before, from the replay.")
    held_when_paid = _vector(allow_null=True, help_text="For decisions after the payout: what they held when it came.")
    data = serializers.DictField()  # type: ignore[assignment]  # a field, which the metaclass takes off the class


class DossierPayoutSerializer(serializers.Serializer[Any]):
    account = DossierAccountSerializer()
    contracts = _vector(help_text="Held when the market paid.")
    paid_units = serializers.IntegerField()
    corrected_units = serializers.IntegerField(help_text="By later corrections; the house's go to the subsidy instead.")
    shortfall_units = serializers.IntegerField(help_text="What it could not give back; the subsidy paid for it.")
    total_units = serializers.IntegerField()


class DossierProofSerializer(serializers.Serializer[Any]):
    events = serializers.IntegerField(help_text="Replayed.")
    version = serializers.IntegerField(help_text="Of the market's row.")
    head_hash = serializers.CharField(allow_null=True, help_text="For those who hold markets.read.")
    chain_intact = serializers.BooleanField(
        help_text="Every hash was recomputed, up to the head the market's row names."
    )
    status = serializers.ChoiceField(choices=Market.Status.choices)
    same_status = serializers.BooleanField()
    escrow_units = serializers.IntegerField(allow_null=True, help_text="What escrow held when it paid.")
    payouts_units = serializers.IntegerField(allow_null=True, help_text="What it paid to all together.")
    escrow_paid_out = serializers.BooleanField(allow_null=True)
    payouts_at_vector = serializers.BooleanField(
        allow_null=True, help_text="Each payout is the replayed contracts at the payout vector."
    )
    payouts_equal_ledger = serializers.BooleanField(
        allow_null=True, help_text="Contracts at the last vector, the replayed events and the postings agree."
    )


class DossierMarketSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    question = serializers.CharField()
    status = serializers.ChoiceField(choices=Market.Status.choices)
    outcomes = _Strings
    payout = _vector(allow_null=True)
    dispute_bond = serializers.IntegerField()
    dispute_window_s = serializers.IntegerField()
    opened_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)


class DossierCriteriaSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    frozen_hash = serializers.CharField(allow_null=True, help_text="SHA-256 from the opening's event.")
    computed_hash = serializers.CharField(help_text="SHA-256 of the text above.")
    unchanged = serializers.BooleanField(allow_null=True)


class DossierSerializer(serializers.Serializer[Any]):
    """A market's story. What only a replay tells is null for markets of more than 100,000 events."""

    market = DossierMarketSerializer()
    criteria = DossierCriteriaSerializer()
    proposals = DossierProposalSerializer(many=True)
    requests = DossierRequestSerializer(many=True, help_text="To void the market or to correct what it paid.")
    decisions = DossierDecisionSerializer(many=True, allow_null=True)
    payouts = DossierPayoutSerializer(many=True, allow_null=True)
    proof = DossierProofSerializer(allow_null=True)
    computed_at = serializers.DateTimeField()
