"""Settings of the console: its name, looks and navigation (django-unfold), and what lists are exported as."""

from opinion_market.settings.env import read_environment

_ENVIRONMENT = read_environment().environment
_ENVIRONMENT_COLOURS = {"production": "danger", "development": "info", "test": "warning"}

# Dates say their zone, which is UTC: see `formats/en/formats.py`.
FORMAT_MODULE_PATH = ["opinion_market.console.formats"]

# A cell that begins like a formula must not become one in somebody's spreadsheet.
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
IMPORT_EXPORT_EXPORT_FORMATS = [
    "import_export.formats.base_formats.CSV",
    "import_export.formats.base_formats.XLSX",
    "import_export.formats.base_formats.JSON",
]

UNFOLD = {
    "SITE_TITLE": "Opinion Market",
    "SITE_HEADER": "Opinion Market",
    "SITE_SUBHEADER": "Operations console",
    "SITE_URL": None,
    "SITE_ICON": "opinion_market.console.theme.icon",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "opinion_market.console.theme.icon"},
    ],
    "STYLES": ["opinion_market.console.theme.stylesheet"],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": [_ENVIRONMENT.capitalize(), _ENVIRONMENT_COLOURS[_ENVIRONMENT]],
    "BORDER_RADIUS": "8px",
    "SIDEBAR": {"show_search": False, "navigation": "opinion_market.console.navigation.sidebar"},
    "ACCOUNT": {"navigation": "opinion_market.console.navigation.account_links"},
    "COLORS": {
        "base": {
            "50": "oklch(98.4% .003 247.9)",
            "100": "oklch(96.8% .007 247.9)",
            "200": "oklch(92.9% .013 255.5)",
            "300": "oklch(86.9% .022 252.9)",
            "400": "oklch(70.4% .030 256.8)",
            "500": "oklch(55.4% .036 257.4)",
            "600": "oklch(44.6% .036 257.3)",
            "700": "oklch(37.2% .036 257.3)",
            "800": "oklch(27.9% .035 260.0)",
            "900": "oklch(20.8% .034 265.8)",
            "950": "oklch(14.5% .032 264.7)",
        },
        "primary": {
            "50": "oklch(97.0% .016 262.0)",
            "100": "oklch(93.6% .034 262.5)",
            "200": "oklch(88.0% .064 263.0)",
            "300": "oklch(80.2% .108 263.5)",
            "400": "oklch(70.4% .155 264.0)",
            "500": "oklch(61.5% .198 264.5)",
            "600": "oklch(53.6% .215 264.8)",
            "700": "oklch(47.4% .198 265.0)",
            "800": "oklch(41.0% .164 265.3)",
            "900": "oklch(36.2% .128 265.6)",
            "950": "oklch(27.0% .092 266.0)",
        },
    },
}

# Where somebody lands who signs in without having asked for a page first.
LOGIN_REDIRECT_URL = "admin:index"
