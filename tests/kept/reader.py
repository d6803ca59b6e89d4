"""A process that reads what each line of standard input names, as `path user-id`, and prints status and body as JSON.

python -m tests.kept.reader '{}'
"""

import json
import sys

import django

django.setup()

# Models may be imported only once Django is set up.
from governance.identity.models import User  # noqa: E402
from tests.governance.people import calling_as  # noqa: E402


def main() -> None:
    for line in sys.stdin:
        path, user_id = line.split()
        response = calling_as(User.objects.get(pk=user_id)).get(path)
        sys.stdout.write(json.dumps([response.status_code, response.json()]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
