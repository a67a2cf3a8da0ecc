# must fail at: first as often as its weight says
def draw_order(weights):
    return sorted(weights, key=weights.get, reverse=True)
