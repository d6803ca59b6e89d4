"""The exchange's addresses under `/api/v1`, all on one page."""

from django.urls import path

from markets.analytics.leaderboards import api as leaderboards
from markets.analytics.markets.api import figures, tops
from markets.analytics.risk import api as risk
from markets.analytics.traders import api as traders
from markets.comments.api.comments import CommentViewSet
from markets.comments.api.moderation import ModerationViewSet
from markets.ledger.api import own, staff, statement
from markets.lifecycle.api import groups
from markets.lifecycle.api.dossier import DossierFileView, DossierView
from markets.lifecycle.api.evidence import EvidenceFileViewSet, EvidenceViewSet
from markets.lifecycle.api.judging import JudgingViewSet
from markets.lifecycle.api.limits import MarketLimitsView
from markets.lifecycle.api.markets import MarketViewSet
from markets.lifecycle.api.steps import MarketStepsViewSet
from markets.rewards.api import campaigns, rewards
from markets.trading.api import batches, events, holdings, kill_switch, limits, market_data, orders, prices, sets
from markets.watchlist.api import WatchlistViewSet

analytics_urls = [
    path("ai-analytics/analytics/markets", tops.TopMarketsView.as_view()),
    path("ai-analytics/analytics/market/<uuid:market_id>", figures.MarketFiguresViewSet.as_view({"get": "retrieve"})),
    path(
        "ai-analytics/analytics/market/<uuid:market_id>.csv",
        figures.MarketFiguresViewSet.as_view({"get": "export"}),
        name="market_figures_csv",
    ),
    path(
        "ai-analytics/analytics/market/<uuid:market_id>/history",
        figures.MarketFiguresViewSet.as_view({"get": "history"}),
    ),
    path(
        "ai-analytics/analytics/market/<uuid:market_id>/history.csv",
        figures.MarketFiguresViewSet.as_view({"get": "export_history"}),
        name="market_history_csv",
    ),
]

_COMMENT = "markets/<uuid:market_id>/comments/<uuid:comment_id>"
comment_urls = [
    path("markets/<uuid:market_id>/comments", CommentViewSet.as_view({"get": "list", "post": "create"})),
    path(_COMMENT, CommentViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})),
    path(f"{_COMMENT}/report", ModerationViewSet.as_view({"post": "report"})),
    path(f"{_COMMENT}/hide", ModerationViewSet.as_view({"post": "hide"})),
    path(f"{_COMMENT}/unhide", ModerationViewSet.as_view({"post": "unhide"})),
    path(f"{_COMMENT}/keep", ModerationViewSet.as_view({"post": "keep"})),
]

watchlist_urls = [
    path("watchlist", WatchlistViewSet.as_view({"get": "whole"})),
    path(
        "watchlist/<uuid:market_id>",
        WatchlistViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"}),
    ),
]

urlpatterns = [
    *analytics_urls,
    *comment_urls,
    *watchlist_urls,
    path("market-groups", groups.MarketGroupViewSet.as_view({"get": "list", "post": "create"})),
    path("market-groups/<uuid:group_id>", groups.MarketGroupViewSet.as_view({"get": "retrieve"})),
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
    path("markets/<uuid:market_id>/outcomes", MarketStepsViewSet.as_view({"post": "split_other"})),
    path("markets/<uuid:market_id>/confirm", JudgingViewSet.as_view({"post": "confirm"})),
    path("markets/<uuid:market_id>/dispute", JudgingViewSet.as_view({"post": "dispute"})),
    path("markets/<uuid:market_id>/review", JudgingViewSet.as_view({"post": "review"})),
    path("markets/<uuid:market_id>/void", JudgingViewSet.as_view({"post": "void"})),
    path("markets/<uuid:market_id>/approve-void", JudgingViewSet.as_view({"post": "approve_void"})),
    path("markets/<uuid:market_id>/reject-void", JudgingViewSet.as_view({"post": "reject_void"})),
    path("markets/<uuid:market_id>/correct", JudgingViewSet.as_view({"post": "correct"})),
    path("markets/<uuid:market_id>/approve-correction", JudgingViewSet.as_view({"post": "approve_correction"})),
    path("markets/<uuid:market_id>/reject-correction", JudgingViewSet.as_view({"post": "reject_correction"})),
    path("markets/<uuid:market_id>/evidence", EvidenceViewSet.as_view({"get": "list"})),
    path("markets/<uuid:market_id>/evidence/links", EvidenceViewSet.as_view({"post": "add_link"})),
    path("markets/<uuid:market_id>/evidence/files", EvidenceFileViewSet.as_view({"post": "add_file"})),
    path(
        "markets/<uuid:market_id>/evidence/<uuid:evidence_id>/content",
        EvidenceFileViewSet.as_view({"get": "content"}),
        name="market_evidence_content",
    ),
    path("markets/<uuid:market_id>/dossier", DossierView.as_view()),
    path("markets/<uuid:market_id>/dossier/download", DossierFileView.as_view(), name="market_dossier_download"),
    path("markets/<uuid:market_id>/limits", MarketLimitsView.as_view()),
    path("markets/<uuid:market_id>/book", market_data.BookView.as_view()),
    path("markets/<uuid:market_id>/trades", market_data.TradeViewSet.as_view({"get": "list"})),
    path("markets/<uuid:market_id>/prices", prices.PricesView.as_view()),
    path("markets/<uuid:market_id>/events", events.EventViewSet.as_view({"get": "list"})),
    path("markets/<uuid:market_id>/orders", orders.MarketOrdersViewSet.as_view({"get": "list", "post": "create"})),
    path("markets/<uuid:market_id>/mint", sets.MintView.as_view()),
    path("markets/<uuid:market_id>/merge", sets.MergeView.as_view()),
    path("orders", orders.OrderViewSet.as_view({"get": "list", "delete": "cancel_all"})),
    path("orders/batch", batches.OrderBatchView.as_view()),
    path("orders/cancel", orders.OrderViewSet.as_view({"post": "cancel_listed"})),
    path(
        "orders/<uuid:order_id>",
        orders.OrderViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("positions", holdings.PositionViewSet.as_view({"get": "list"})),
    path("fills", holdings.FillViewSet.as_view({"get": "list"})),
    path("portfolio", holdings.PortfolioView.as_view()),
    path("account", own.AccountView.as_view()),
    path("account/statement", statement.StatementView.as_view()),
    path("account/entries", own.EntryViewSet.as_view({"get": "list"})),
    path("account/entries.csv", own.EntryViewSet.as_view({"get": "export"})),
    path("account/kill-switch", kill_switch.OwnKillSwitchView.as_view()),
    path("rewards", rewards.PayoutViewSet.as_view({"get": "list"})),
    path("rewards/scores", rewards.ScoresView.as_view()),
    path("reward-campaigns", campaigns.CampaignViewSet.as_view({"get": "list", "post": "create"})),
    path("reward-campaigns/<uuid:campaign_id>", campaigns.CampaignViewSet.as_view({"get": "retrieve"})),
    path("reward-campaigns/<uuid:campaign_id>/stop", campaigns.CampaignViewSet.as_view({"post": "stop"})),
    path("organizations/<slug:reference>/limits", limits.DefaultLimitsView.as_view()),
    path("organizations/<slug:reference>/subsidy", staff.SubsidyView.as_view()),
    path("organizations/<slug:reference>/members/<uuid:user_id>/account", staff.MemberAccountView.as_view()),
    path("organizations/<slug:reference>/members/<uuid:user_id>/limits", limits.MemberLimitsView.as_view()),
    path(
        "organizations/<slug:reference>/members/<uuid:user_id>/kill-switch",
        kill_switch.MemberKillSwitchView.as_view(),
    ),
    path("organizations/<slug:reference>/members/<uuid:user_id>/deposit", staff.DepositView.as_view()),
    path("organizations/<slug:reference>/members/<uuid:user_id>/withdraw", staff.WithdrawView.as_view()),
    path("ai-analytics/analytics/user/<uuid:user_id>", traders.UserFiguresView.as_view()),
    path("ai-analytics/analytics/user/<uuid:user_id>/markets.csv", traders.UserMarketsExportView.as_view()),
    path("ai-analytics/analytics/user/<uuid:user_id>/history", traders.UserHistoryView.as_view()),
    path("ai-analytics/analytics/user/<uuid:user_id>/history.csv", traders.UserHistoryExportView.as_view()),
    path("ai-analytics/analytics/portfolio", risk.PortfolioRiskView.as_view()),
    path("ai-analytics/analytics/portfolio.csv", risk.PortfolioRiskExportView.as_view()),
    path("leaderboards", leaderboards.LeaderboardViewSet.as_view({"get": "list"})),
    path("leaderboards.csv", leaderboards.LeaderboardViewSet.as_view({"get": "export"})),
    path("leaderboards/me", leaderboards.LeaderboardViewSet.as_view({"get": "own"})),
    path("leaderboards/listing", leaderboards.ListingView.as_view()),
]
