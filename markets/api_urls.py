"""The exchange's addresses under `/api/v1`, all on one page."""

from django.urls import path

from markets.ledger.api import own, staff, statement
from markets.lifecycle.api.markets import MarketViewSet
from markets.lifecycle.api.steps import MarketStepsViewSet
from markets.trading.api import batches, events, holdings, market_data, orders, prices, sets

urlpatterns = [
    path("markets", MarketViewSet.as_view({"get": "list", "post": "create"})),
    path("markets/<uuid:market_id>", MarketViewSet.as_view({"get": "retrieve"})),
    path("markets/<uuid:market_id>/submit", MarketStepsViewSet.as_view({"post": "submit"})),
    path("markets/<uuid:market_id>/return", MarketStepsViewSet.as_view({"post": "send_back"})),
    path("markets/<uuid:market_id>/approve", MarketStepsViewSet.as_view({"post": "approve"})),
    path("markets/<uuid:market_id>/open", MarketStepsViewSet.as_view({"post": "open"})),
    path("markets/<uuid:market_id>/halt", MarketStepsViewSet.as_view({"post": "halt"})),
    path("markets/<uuid:market_id>/close", MarketStepsViewSet.as_view({"post": "close"})),
    path("markets/<uuid:market_id>/resolve", MarketStepsViewSet.as_view({"post": "resolve"})),
    path("markets/<uuid:market_id>/withdraw-resolution", MarketStepsViewSet.as_view({"post": "withdraw_resolution"})),
    path("markets/<uuid:market_id>/finalize", MarketStepsViewSet.as_view({"post": "finalize"})),
    path("markets/<uuid:market_id>/book", market_data.BookView.as_view()),
    path("markets/<uuid:market_id>/trades", market_data.TradeViewSet.as_view({"get": "list"})),
    path("markets/<uuid:market_id>/prices", prices.PricesView.as_view()),
    path("markets/<uuid:market_id>/events", events.EventViewSet.as_view({"get": "list"})),
    path("markets/<uuid:market_id>/orders", orders.MarketOrdersViewSet.as_view({"get": "list", "post": "create"})),
    path("markets/<uuid:market_id>/mint", sets.MintView.as_view()),
    path("markets/<uuid:market_id>/merge", sets.MergeView.as_view()),
    path("orders", orders.OrderViewSet.as_view({"get": "list", "delete": "cancel_all"})),
    path("orders/batch", batches.OrderBatchView.as_view()),
    path("orders/<uuid:order_id>", orders.OrderViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("positions", holdings.PositionViewSet.as_view({"get": "list"})),
    path("fills", holdings.FillViewSet.as_view({"get": "list"})),
    path("portfolio", holdings.PortfolioView.as_view()),
    path("account", own.AccountView.as_view()),
    path("account/statement", statement.StatementView.as_view()),
    path("account/entries", own.EntryViewSet.as_view({"get": "list"})),
    path("account/entries.csv", own.EntryViewSet.as_view({"get": "export"})),
    path("organizations/<slug:reference>/subsidy", staff.SubsidyView.as_view()),
    path("organizations/<slug:reference>/members/<uuid:user_id>/account", staff.MemberAccountView.as_view()),
    path("organizations/<slug:reference>/members/<uuid:user_id>/deposit", staff.DepositView.as_view()),
    path("organizations/<slug:reference>/members/<uuid:user_id>/withdraw", staff.WithdrawView.as_view()),
]
