"""torch's settings are put back, also where several threads fit at once."""

import threading

import torch
from sklearn.base import clone


def test_torch_threads_are_left_as_they_were(mixed, tiny_model):
    torch.set_num_threads(2)
    try:
        tiny_model.fit(*mixed).sample(["a"])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_torch_threads_are_left_as_they_were_by_several_fits_at_once(mixed, tiny_model):
    torch.set_num_threads(2)
    try:
        threads = [threading.Thread(target=clone(tiny_model).fit, args=mixed) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen = []
        last = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        last.start()
        last.join()
        assert seen == [2]
    finally:
        torch.set_num_threads(1)
