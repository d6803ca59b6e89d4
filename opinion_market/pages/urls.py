"""The pages for people who trade. Addresses have no trailing slash, as in the API."""

from django.urls import path

from opinion_market.pages import leaderboard, market_list, market_page, passwords, portfolio, settings, sign_in, sign_up

app_name = "pages"
urlpatterns = [
    path("", market_list.markets, name="markets"),
    path("markets/<uuid:market_id>", market_page.market, name="market"),
    path("portfolio", portfolio.portfolio, name="portfolio"),
    path("leaderboard", leaderboard.leaderboard, name="leaderboard"),
    path("sign-up", sign_up.SignUpView.as_view(), name="sign_up"),
    path("sign-in", sign_in.SignInView.as_view(), name="sign_in"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
    path("password", passwords.PasswordPage.as_view(), name="password"),
    path("keys", settings.api_keys, name="keys"),
    path("preferences", settings.preferences, name="preferences"),
]
