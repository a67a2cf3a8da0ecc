from fractions import Fraction


class Pool:
    def __init__(self, busy):
        self.busy, self.load = Fraction(busy), Fraction(0)

    def add(self, per_second, seconds):
        self.load += Fraction(per_second) * Fraction(seconds)
        return self

    def size(self):
        if self.load == 0:
            return 0
        share = self.load / self.busy
        whole, rest = divmod(share.numerator, share.denominator)
        whole += rest > 0
        return max(whole, int(self.load) + 1)


def two_pools(first, second, busy):
    return [
        Pool(busy).add(*first).size(),
        Pool(busy).add(*second).size(),
        Pool(busy).add(*first).add(*second).size(),
    ]
