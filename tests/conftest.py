"""What every test shares: real servers, how many examples hypothesis tries, and that CI repeats itself."""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.servers.fixtures"]

# Time-outs and slowness say more about the machine than about the code.
settings.register_profile("everyday", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("continuous", settings.get_profile("everyday"), derandomize=True, print_blob=True)
settings.load_profile("continuous" if os.environ.get("CI") else "everyday")
