import heapq
import math
import random


def draw_order(weights):
    heap = [(-math.log(1 - random.random()) / weight, name) for name, weight in weights.items()]
    heapq.heapify(heap)
    return [heapq.heappop(heap)[1] for _ in range(len(heap))]
