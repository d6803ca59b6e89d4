from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "opinion_market.pages"
    label = "pages"
