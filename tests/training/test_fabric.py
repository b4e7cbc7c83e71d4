"""Each test runs in a process of its own: what is imported there is what a first `fit` imports."""

import inspect
import json
import subprocess
import sys

import lightning_fabric
import numpy as np
import pytest
import torch
from sklearn.base import clone

import ganaug.models.devices
from ganaug import TabularGAN
from ganaug.training.fabric import Fabric, _import_for_fabric

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
fabric = lightning_fabric.Fabric(accelerator="cpu")  # ours leaves such networks as they are
network, adam = fabric.setup(compiled, torch.optim.Adam(compiled.parameters()))
fabric.backward(network(torch.ones(4, 3)).sum())
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


@pytest.mark.parametrize("options", [{}, {"fused": True}, {"fused": True, "weight_decay": 0.1, "betas": (0.5, 0.9)}])
def test_adam_is_torchs(options):
    from ganaug.training.fabric import Adam

    torch.manual_seed(0)
    start = [torch.randn(4, 3), torch.randn(5)]
    found = []
    for kind in (torch.optim.Adam, Adam):
        weights = [torch.nn.Parameter(part.clone()) for part in start]
        optimizer = kind(weights, lr=0.1, **options)
        path = []
        for step in range(8):
            optimizer.zero_grad()
            # in some steps a weight has no gradient; in others the learning rate changes, or the state is replaced
            sum(weight.square().sum() for weight in weights[step == 2 :]).backward()
            optimizer.param_groups[0]["lr"] = 0.1 / (1 + step)
            if step == 4:
                optimizer.load_state_dict(optimizer.state_dict())
                first = {name: value.clone() for name, value in optimizer.state[weights[0]].items()}
            if step == 6:
                optimizer.load_state_dict(
                    {**optimizer.state_dict(), "state": {0: first, 1: optimizer.state[weights[1]]}}
                )
            optimizer.step()
            path.append(torch.cat([weight.detach().flatten() for weight in weights]))
        optimizer.step(lambda weight=weights[0]: (2 * weight).sum())
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(2))]})
        optimizer.step()
        path.append(torch.cat([weight.detach().flatten() for weight in weights]))
        assert all(weight.is_leaf for weight in weights)
        moments = [torch.stack([of.norm() for of in optimizer.state[weight].values()]) for weight in weights]
        assert not optimizer.state[weights[0]]["exp_avg"].requires_grad
        found.append((torch.stack(path), torch.stack(moments), len(optimizer.param_groups)))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])
    assert found[0][2] == found[1][2] == 2
    assert isinstance(optimizer, torch.optim.Optimizer)


def test_fabric_wraps_nothing_where_it_has_nothing_to_do():
    network = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    idle, mixed = (Fabric(accelerator="cpu", devices=1, precision=name) for name in ("32-true", "bf16-mixed"))
    assert idle.setup(network, optimizer) == (network, optimizer)
    assert idle.setup(network) is network
    wrapped, _ = mixed.setup(network, optimizer)
    assert wrapped is not network
    with mixed.autocast():
        assert network(torch.ones(1, 2)).dtype == torch.bfloat16
    with idle.autocast():
        assert network(torch.ones(1, 2)).dtype == torch.float32


def test_networks_learn_the_same_with_the_wrappers_of_fabric(monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.repeat([0, 1], [50, 10])
    model = TabularGAN(n_steps=20, hidden_sizes=(16,), device="cpu", random_state=0)
    weights = [clone(model).fit(X, y).generator_.state_dict()]
    monkeypatch.setattr(ganaug.models.devices, "Fabric", lightning_fabric.Fabric)
    weights.append(clone(model).fit(X, y).generator_.state_dict())
    assert all(torch.equal(of, weights[1][name]) for name, of in weights[0].items())


def test_the_import_that_stands_in_has_the_parameters_of_the_builtin():
    # From Python 3.12 on, looking up an encoding imports by keywords, also while Fabric is being imported.
    assert _import_for_fabric("json", fromlist=["dumps"], level=0, globals=None, locals=None) is json
    assert list(inspect.signature(_import_for_fabric).parameters) == ["name", "globals", "locals", "fromlist", "level"]
