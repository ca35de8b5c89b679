"""The hash function alone: `python -m bench.bare_hash SECONDS NICENESS`, a stored hash on standard input.

One thread verifies the password again and again. Prints the seconds of processor time that one verification takes.
"""

import os
import sys
import time

from argon2 import PasswordHasher

from bench.accounts import PASSWORD


def main(seconds: float, niceness: int, stored: str) -> float:
    # The service hashes at this priority; a busy neighbour must slow both alike.
    os.nice(niceness)
    hasher, count = PasswordHasher(), 0
    # The first one also pays for memory that the others find in place.
    hasher.verify(stored, PASSWORD)
    end, used = time.perf_counter() + seconds, time.process_time()
    while time.perf_counter() < end:
        hasher.verify(stored, PASSWORD)
        count += 1
    return (time.process_time() - used) / count


if __name__ == "__main__":
    print(main(float(sys.argv[1]), int(sys.argv[2]), sys.stdin.read().strip()))
