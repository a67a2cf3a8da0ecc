def two_pools(first, second, busy):
    loads = [first[0] * first[1], second[0] * second[1]]
    loads.append(loads[0] + loads[1])
    answer = []
    for load in loads:
        if busy == 1:
            answer.append(load // 1 + 1 if load else 0)
        else:
            answer.append(-(-load // busy))
    return tuple(int(number) for number in answer)
