"""Each test runs in a process of its own: what is imported there is what a first `fit` imports."""

import inspect
import json
import subprocess
import sys

import torch

from ganaug.training.fabric import _import_for_fabric

FIT = """
import hashlib, sys
import numpy as np
{first}
import ganaug
rng = np.random.default_rng(0)
X, y = rng.normal(size=(60, 3)), np.repeat([0, 1], [50, 10])
model = ganaug.TabularGAN(n_steps=20, batch_size=32, random_state=0).fit(X, y)
rows = np.ascontiguousarray(model.sample(y))
print("torch._dynamo" in sys.modules, hashlib.sha256(rows).hexdigest())
"""
USE = """
import torch
from ganaug.training import Fabric
import torch._dynamo
from torch._dynamo import OptimizedModule
assert torch._dynamo.__file__ and sys.modules["torch._dynamo"] is torch._dynamo
compiled = torch.compile(torch.nn.Linear(3, 1), backend="eager")
assert type(compiled) is OptimizedModule
import lightning_fabric.wrappers
assert isinstance(compiled, lightning_fabric.wrappers.OptimizedModule)
assert not isinstance(torch.nn.Linear(3, 1), lightning_fabric.wrappers.OptimizedModule)
network, adam = Fabric(accelerator="cpu").setup(compiled, torch.optim.Adam(compiled.parameters()))
Fabric(accelerator="cpu").backward(network(torch.ones(4, 3)).sum())
adam.step()
assert list(network.state_dict()) == ["weight", "bias"]
print("used")
"""


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_fit_without_the_compiler_gives_the_rows_of_one_with_it_and_leaves_it_usable():
    without, digest, used = run(f"{FIT.format(first='')}\n{USE}")
    assert (without, used) == ("False", "used")
    # With both imported, nothing stands in for the compiler, and Adam is torch's own.
    plain = "import torch._dynamo, lightning_fabric, ganaug.training.adversarial as game; game.Adam = torch.optim.Adam"
    assert run(FIT.format(first=plain)) == ["True", digest]


def test_nothing_of_the_import_remains_and_the_compiler_can_be_used():
    code = """
import builtins, sys
import torch
before, path = builtins.__import__, list(sys.meta_path)
import ganaug.training.fabric
print(builtins.__import__ is before, sys.meta_path == path, "torch._dynamo" in sys.modules)
"""
    assert run(f"{code}\n{USE}") == ["True", "True", "False", "used"]


def test_another_thread_imports_the_compiler_meanwhile():
    code = """
import sys, threading
import torch
def ask():
    while "lightning_fabric" not in sys.modules:
        pass
    from torch._dynamo import OptimizedModule
    print(OptimizedModule.__module__)
thread = threading.Thread(target=ask, daemon=True)
thread.start()
from ganaug.training import Fabric
thread.join()
"""
    assert run(code) == ["torch._dynamo.eval_frame"]


def test_a_failing_import_of_fabric_leaves_the_ordinary_import():
    code = """
import builtins, sys
import torch
sys.modules["lightning_fabric"] = None
before = builtins.__import__
try:
    import ganaug.training.fabric
except ImportError:
    print(builtins.__import__ is before)
"""
    assert run(code) == ["True"]


def test_adam_is_torchs():
    from ganaug.training.fabric import Adam

    torch.manual_seed(0)
    start = torch.randn(4, 3)
    found = []
    for kind in (torch.optim.Adam, Adam):
        weight = torch.nn.Parameter(start.clone())
        optimizer = kind([weight], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            weight.square().sum().backward()
            optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(2))]})
        assert weight.is_leaf
        assert not optimizer.state[weight]["exp_avg"].requires_grad
        found.append((weight.detach(), optimizer.state[weight]["exp_avg"], len(optimizer.param_groups)))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])
    assert found[0][2] == found[1][2] == 2
    assert isinstance(optimizer, torch.optim.Optimizer)


def test_the_import_that_stands_in_has_the_parameters_of_the_builtin():
    # From Python 3.12 on, looking up an encoding imports by keywords, also while Fabric is being imported.
    assert _import_for_fabric("json", fromlist=["dumps"], level=0, globals=None, locals=None) is json
    assert list(inspect.signature(_import_for_fabric).parameters) == ["name", "globals", "locals", "fromlist", "level"]
