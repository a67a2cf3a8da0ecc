def two_pools(first, second, busy):
    def enough(processors, load):
        return load == 0 or (processors > load and load <= busy * processors)

    def smallest(load):
        least, most = -1, 1
        while not enough(most, load):
            most *= 2
        while most - least > 1:
            middle = (least + most) // 2
            if middle >= 0 and enough(middle, load):
                most = middle
            else:
                least = middle
        return most

    one = first[0] * first[1]
    two = second[0] * second[1]
    return smallest(one), smallest(two), smallest(one + two)
