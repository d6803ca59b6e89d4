"""Makes a platform with one market in the database that DATABASE_URL names, and prints what trades there.

python -m tools.bench.empty_platform TRADERS
"""

import json
import sys

import django
from django.core.management import call_command

django.setup()

# Models may be imported only once Django is set up.
from tools.bench.growth_processes import job_of  # noqa: E402
from tools.bench.venue import make_venue  # noqa: E402

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps(job_of(make_venue(markets=1, traders=int(sys.argv[1])))))
