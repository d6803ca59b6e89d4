"""Pages speak as people do: durations, prices in credits, events in words, holdings by outcome."""

import re

import pytest

from markets.comments.services import post_comment, report_comment
from markets.trading.models import Order
from opinion_market.kernel import clock
from tests.console.scene import Exchange, client_of, page

pytestmark = pytest.mark.django_db


def body_of(user, name, row, **query) -> str:
    body = client_of(user).get(page(name, row.pk), query).content.decode()
    return re.sub(r"\s+", " ", body)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "none"), (60, "1 minute"), (5_400, "1 hour 30 minutes"), (86_400, "1 day"), (172_801, "2 days 1 second")],
)
def test_a_dispute_window_is_told_in_days_hours_minutes_and_seconds(seconds, text):
    exchange = Exchange()
    body = body_of(exchange.root, "markets_market_change", exchange.market(dispute_window_s=seconds))
    assert re.search(rf"<dt>Dispute window</dt> <dd> {text} </dd>", body)


def test_an_orders_price_is_told_in_credits():
    exchange = Exchange()
    market, buyer = exchange.market(), exchange.member()
    placed = exchange.order(buyer, market, side="buy", price=1_200, quantity=7)
    order = Order.objects.get(pk=placed["id"])
    assert "Order: buy 7 at 0.12" in body_of(exchange.root, "markets_order_change", order)


def test_the_average_price_of_an_order_is_what_was_paid_for_a_contract():
    exchange = Exchange()
    market, buyer = exchange.market(), exchange.member()
    placed = exchange.order(buyer, market, side="buy", price=9_000, quantity=7)
    order = Order.objects.get(pk=placed["id"])
    shown = re.search(
        r"<dt>Average price</dt> <dd> ([\d.]+) </dd>", body_of(exchange.root, "markets_order_change", order)
    )
    assert shown is not None
    assert abs(float(shown[1]) * order.filled_quantity * 10_000 - order.filled_value_units) < order.filled_quantity


def test_amounts_say_how_many_zeros_make_their_decimal_points_meet():
    exchange = Exchange()
    market = exchange.market()
    exchange.trade(market)
    body = body_of(exchange.root, "markets_market_change", market, tab="trades")
    cells = re.findall(r'data-fill="(0*)">[^<]*\.(\d+)<', body)
    assert cells
    assert all(len(zeros) + len(decimals) == 4 for zeros, decimals in cells)


def test_the_dossier_names_decisions_in_words_and_what_was_held_by_outcome():
    exchange = Exchange()
    market = exchange.market()
    exchange.order(exchange.approver, market, side="buy", price=9_000, quantity=4)
    client_of(exchange.approver).post(
        page("markets_market_step", market.pk, "close"), {"reason": "It is over, as everybody saw"}
    )
    body = body_of(exchange.root, "markets_market_change", market, tab="dossier")
    assert "<td>Market closed</td>" in body
    assert "MarketClosed" not in body
    assert ">4</span> Yes" in body


def test_a_comments_page_shows_its_words_and_who_reported_it():
    exchange = Exchange()
    market, author, reader = exchange.market(), exchange.member(), exchange.member()
    comment = post_comment(actor=author, market_id=market.pk, text="It never rains.", parent_id=None, now=clock.now())
    assert "Nobody has reported it." in body_of(exchange.creator, "markets_comment_change", comment)
    report_comment(actor=reader, market_id=market.pk, comment_id=comment.pk, reason="It did", now=clock.now())
    body = body_of(exchange.creator, "markets_comment_change", comment)
    assert '<p class="om-prose">It never rains.</p>' in body
    assert f"<td>{reader}</td> <td>It did</td>" in body
    assert "not yet" in body
