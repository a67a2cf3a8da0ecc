from decimal import Decimal


def next_batch(last, seconds):
    if seconds == 0:
        return min(2 * last, 100)
    speed = last / Decimal(str(seconds))
    fits = int(speed * Decimal("0.01"))
    return max(min(fits, 2 * last, 100), 1)
