#!/usr/bin/env python3
# rival.py - the user model trained with PyTorch, as a yardstick for the C tools.
#
# Reads the same batches and starts from the same model file as ours, and prints name<TAB>value
# lines: nll (of all steps of --role, to compare with ur-eval), rate (iterations a second, batch
# preparation included), prepare (its share of the time), threads (the better of 1 and 2).
#
# careful  as somebody would write it who has profiled it: one-hots are row lookups, the first layer is
#          split so that an item's row is projected once, packed LSTM, segment sums, fused Adam
# plain    as a first version looks: dense one-hots, everything padded to [users, steps, items]
import argparse
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import stream

CPU = os.environ.get("CLOCK") == "cpu"  # see run.sh
clock = time.process_time if CPU else time.perf_counter


def ranges(start, length):
    """start[0] .. start[0]+length[0]-1, start[1] .. in one array."""
    total = int(length.sum())
    shift = np.repeat(start - (np.cumsum(length) - length), length)
    return shift + np.arange(total)


class Batch:
    """Some users, flat: the scored steps, their shown items, and the picks before them.

    S scored steps, K shown items, L picks that move a state; all index tensors are int64.
    seg [K] step of a shown item; row [K] its item row; pick [S] index into K, -1 none
    picked [L] item rows, time-major over users sorted by length; sizes [T] users at each time
    state [S] 0: no pick so far, else 1 + position in `picked` of the last pick before the step
    """

    def __init__(self, data, users, role, no_click):
        first = data.user_off[users]
        count = data.user_off[users + 1] - first
        steps = ranges(first, count)
        owner = np.repeat(np.arange(len(users)), count)
        has = data.pick[steps] >= 0
        before = np.cumsum(has) - has
        before -= before[np.cumsum(count) - count][owner]
        score = (data.role[steps] == role) & (has | no_click)
        self.length = np.zeros(len(users), np.int64)
        np.maximum.at(self.length, owner[score], before[score])
        self._picks(data, steps, owner, before, has & (before < self.length[owner]))
        self._shown(data, steps[score])
        b, place = before[score], self.place[owner[score]]
        self.owner, self.before = owner[score], b
        self.state = np.where(b == 0, 0, 1 + self.start[np.maximum(b, 1) - 1] + place)

    def _picks(self, data, steps, owner, before, keep):
        order = np.argsort(-self.length, kind="stable")
        self.place = np.empty_like(order)
        self.place[order] = np.arange(len(order))
        longest = int(self.length.max(initial=0))
        self.sizes = np.searchsorted(-self.length[order], -np.arange(longest), side="left")
        self.start = np.concatenate(([0], np.cumsum(self.sizes)))
        at = self.start[before[keep]] + self.place[owner[keep]]
        self.picked = np.empty(len(at), np.int64)
        self.picked[at] = data.item[data.item_off[steps[keep]] + data.pick[steps[keep]]]

    def _shown(self, data, scored):
        first = data.item_off[scored]
        size = data.item_off[scored + 1] - first
        self.row = data.item[ranges(first, size)]
        self.seg = np.repeat(np.arange(len(scored)), size)
        self.size, self.first = size, np.cumsum(size) - size
        pick = data.pick[scored]
        self.pick = np.where(pick < 0, -1, self.first + pick)


def mean_nll(u, seg, steps, pick, no_click):
    """Mean over steps of log(sum exp u [+ 1]) - u_pick; u [K], pick [S] with -1 for none."""
    with torch.no_grad():
        top = torch.full((steps,), 0.0 if no_click else -torch.inf)
        top.scatter_reduce_(0, seg, u, "amax")
    total = torch.zeros(steps).index_add(0, seg, torch.exp(u - top[seg]))
    if no_click:
        total = total + torch.exp(-top)
    chosen = pick[pick >= 0]
    return (torch.log(total).sum() + top.sum() - u[chosen].sum()) / steps


def softmax_segments(v, seg, steps):
    with torch.no_grad():
        top = torch.full((steps,), -torch.inf).scatter_reduce_(0, seg, v, "amax")
    e = torch.exp(v - top[seg])
    return e / torch.zeros(steps).index_add(0, seg, e)[seg]


def parameter(array):
    return nn.Parameter(torch.from_numpy(np.array(array)))


class Layers(nn.Module):
    """The layers after the first: ELU before each."""

    def __init__(self, tensors, prefix):
        super().__init__()
        n = sum(1 for name in tensors if name.startswith(prefix + "mlp.") and name.endswith(".w"))
        self.w = nn.ParameterList(parameter(tensors[f"{prefix}mlp.{k}.w"].T) for k in range(1, n))
        self.b = nn.ParameterList(parameter(tensors[f"{prefix}mlp.{k}.b"]) for k in range(1, n))

    def forward(self, z):
        for w, b in zip(self.w, self.b):
            z = F.linear(F.elu(z), w, b)
        return z.squeeze(-1)


class Rows(nn.Module):
    """x W for item rows, x = [dense, one-hot]: a product for the one, a row lookup for the other."""

    def __init__(self, data, w, sparse):
        super().__init__()
        self.dense, self.code = torch.from_numpy(np.array(data.dense)), torch.from_numpy(data.code)
        width = data.dense.shape[1]
        self.w = parameter(w[:width]) if width else None
        self.table = nn.Embedding.from_pretrained(torch.from_numpy(np.array(w[width:])), freeze=False, sparse=sparse) \
            if data.code.shape[1] else None

    def forward(self, rows):
        z = 0
        if self.w is not None:
            z = self.dense[rows] @ self.w
        if self.table is not None:
            z = z + self.table(self.code[rows, 0])
        return z


class Careful(nn.Module):
    def __init__(self, data, tensors, prefix="", sparse=False):
        super().__init__()
        self.distinct = data.dense.shape[1] > 0  # products are worth sharing, lookups are not
        inputs = data.dense.shape[1] + (int(data.code.max()) + 1 if data.code.shape[1] else 0)
        first = tensors[prefix + "mlp.0.w"]
        self.lstm = self.pw = None
        if prefix + "lstm.wx" in tensors:
            inputs = tensors[prefix + "lstm.wx"].shape[0]
            self._lstm(data, tensors, prefix, sparse)
        if "pw.w" in tensors and not prefix:
            self.pw = parameter(tensors["pw.w"])
            states, inputs = self.pw.shape[0], first.shape[0] // (self.pw.shape[0] + 1)
            w = first[: states * inputs].reshape(states, inputs, -1).transpose(1, 0, 2)
            self.history = Rows(data, w.reshape(inputs, -1), sparse)
        split = first.shape[0] - inputs
        self.state = parameter(first[:split]) if self.lstm is not None else None
        self.item = Rows(data, first[split:], sparse)
        self.bias = parameter(tensors[prefix + "mlp.0.b"])
        self.layers = Layers(tensors, prefix)

    def _lstm(self, data, tensors, prefix, sparse):
        """The input's product is a lookup done before, so the LSTM's own input weights are the unit matrix."""
        wx, wh, b = (tensors[prefix + "lstm." + name] for name in ("wx", "wh", "b"))
        gates = len(b)
        self.input = Rows(data, wx, sparse)
        self.lstm = nn.LSTM(gates, gates // 4)
        self.lstm.weight_ih_l0 = nn.Parameter(torch.eye(gates), requires_grad=False)
        self.lstm.weight_hh_l0 = parameter(wh.T)
        self.lstm.bias_ih_l0 = parameter(b)
        self.lstm.bias_hh_l0 = nn.Parameter(torch.zeros(gates), requires_grad=False)

    def forward(self, b):
        z = self._items(b) + self.bias
        state = self._state(b)
        if state is not None:
            z = z + state.index_select(0, b.seg)
        return self.layers(z)

    def _items(self, b):
        if not self.distinct:
            return self.item(b.row)
        return self.item(b.unique).index_select(0, b.inverse)

    def _state(self, b):
        """First-layer part of each scored step's state, [S, out]; None when no step has a pick before it."""
        if len(b.picked) == 0:
            return None
        if self.lstm is not None:
            x = nn.utils.rnn.PackedSequence(self.input(b.picked), b.sizes)
            h = self.lstm(x)[0].data @ self.state
            return F.pad(h, (0, 0, 1, 0)).index_select(0, b.state)
        if self.pw is not None:
            v = self.history(b.picked).view(len(b.picked), len(self.pw), -1)
            lagged = (self.pw.T[b.lag].unsqueeze(-1) * v[b.lag_pick]).sum(1)
            return torch.zeros(b.steps, lagged.shape[1]).index_add(0, b.lag_step, lagged)
        return None

    def tensors(self, b):
        """Torch tensors of a Batch, and what this variant needs besides."""
        if self.distinct:
            b.unique, b.inverse = np.unique(b.row, return_inverse=True)
        if self.pw is not None:
            self._lags(b)
        return to_torch(b)

    def _lags(self, b):
        n = np.minimum(b.before, self.pw.shape[1])
        b.lag = ranges(np.zeros(len(n), np.int64), n)
        b.lag_step = np.repeat(np.arange(len(n)), n)
        at = b.before[b.lag_step] - 1 - b.lag
        b.lag_pick = b.start[at] + b.place[b.owner[b.lag_step]]

    def loss(self, b, no_click):
        return mean_nll(self(b), b.seg, b.steps, b.pick, no_click)

    def value(self, b, u, v, eta):
        """Means of V(softmax v, u) and of the picks' u."""
        phi = softmax_segments(v, b.seg, b.steps)
        return ((phi * u).sum() - (phi * phi).sum() / (2 * eta)) / b.steps, u[b.pick].mean()


def to_torch(b):
    b.steps = len(b.size)
    for name, value in vars(b).items():
        if isinstance(value, np.ndarray):
            setattr(b, name, torch.from_numpy(value))
    return b


class Plain(nn.Module):
    def __init__(self, data, tensors, prefix=""):
        super().__init__()
        self.dense, self.code = torch.from_numpy(np.array(data.dense)), torch.from_numpy(data.code)
        first = tensors[prefix + "mlp.0.w"]
        self.lstm = self.pw = None
        if prefix + "lstm.wx" in tensors:
            self.inputs, gates = tensors[prefix + "lstm.wx"].shape
            self.lstm = nn.LSTM(self.inputs, gates // 4, batch_first=True)
            for name, own in (("weight_ih_l0", "wx"), ("weight_hh_l0", "wh"), ("bias_ih_l0", "b")):
                setattr(self.lstm, name, parameter(tensors[prefix + "lstm." + own].T))
            self.lstm.bias_hh_l0 = nn.Parameter(torch.zeros(gates), requires_grad=False)
        else:
            self.pw = parameter(tensors["pw.w"])
            self.inputs = first.shape[0] // (self.pw.shape[0] + 1)
        self.first, self.bias = parameter(first.T), parameter(tensors[prefix + "mlp.0.b"])
        self.layers = Layers(tensors, prefix)

    def features(self, rows):
        """[..., D] of item rows, zeros where the row is -1."""
        known, row = (rows >= 0).unsqueeze(-1), rows.clamp(min=0)
        x = self.dense[row]
        if self.code.shape[1]:
            one = F.one_hot(self.code[row, 0], self.inputs - x.shape[-1]).float()
            x = torch.cat([x, one], -1)
        return x * known

    def tensors(self, b):
        """[users, scored steps, items] grids, -1 where there is nothing."""
        users, steps = len(b.length), len(b.size)
        new = np.concatenate(([True], b.owner[1:] != b.owner[:-1]))
        position = np.arange(steps) - np.maximum.accumulate(np.where(new, np.arange(steps), 0))
        b.grid = np.full((users, int(position.max()) + 1, int(b.size.max())), -1)
        inside = np.arange(len(b.row)) - b.first[b.seg]
        b.grid[b.owner[b.seg], position[b.seg], inside] = b.row
        b.history = np.full((users, max(len(b.sizes), 1)), -1)
        times = np.repeat(np.arange(len(b.sizes)), b.sizes)
        order = np.argsort(b.place)
        b.history[order[np.arange(len(b.picked)) - b.start[times]], times] = b.picked
        b.ago = np.zeros(b.grid.shape[:2], np.int64)
        b.ago[b.owner, position] = b.before
        b.choice = np.full(b.grid.shape[:2], -1)
        b.choice[b.owner, position] = np.where(b.pick < 0, -1, b.pick - b.first)
        b.scored = np.zeros(b.grid.shape[:2], bool)
        b.scored[b.owner, position] = True
        return to_torch(b)

    def forward(self, b):
        x = self.features(b.grid)
        state = (self._lstm(b) if self.lstm is not None else self._pw(b)).unsqueeze(2)
        z = torch.cat([state.expand(-1, -1, x.shape[2], -1), x], -1)
        return self.layers(F.linear(z, self.first, self.bias))

    def _lstm(self, b):
        h = F.pad(self.lstm(self.features(b.history))[0], (0, 0, 1, 0))
        return h.gather(1, b.ago.unsqueeze(-1).expand(-1, -1, h.shape[-1]))

    def _pw(self, b):
        band = self.pw.shape[1]
        at = b.ago.unsqueeze(-1) - 1 - torch.arange(band)
        rows = b.history.gather(1, at.clamp(min=0).flatten(1)).view(at.shape)
        x = self.features(torch.where(at >= 0, rows, -1))
        return torch.einsum("pl,utld->utpd", self.pw, x).flatten(2)

    def loss(self, b, no_click):
        u = self(b).masked_fill(b.grid < 0, -torch.inf)[b.scored]
        choice = b.choice[b.scored]
        if no_click:  # a further item of utility 0, picked where nothing else is
            u = F.pad(u, (0, 1))
            choice = torch.where(choice < 0, u.shape[1] - 1, choice)
        return F.cross_entropy(u, choice)

    def value(self, b, u, v, eta):
        """Means of V(softmax v, u) and of the picks' u."""
        phi = F.softmax(v.masked_fill(b.grid < 0, -torch.inf)[b.scored], -1)
        u = u[b.scored]
        chosen = u.gather(1, b.choice[b.scored].unsqueeze(1))
        return ((phi * u).sum() - (phi * phi).sum() / (2 * eta)) / b.steps, chosen.mean()


class Adversary:
    """A policy that climbs V = sum(phi u) - |phi|^2 / 2 eta, and the reward that descends V - u_pick."""

    def __init__(self, network, data, tensors, args):
        self.reward = network(data, tensors)
        self.policy = network(data, tensors, "policy.")
        self.climb, self.descend = optimizers(self.policy, args), optimizers(self.reward, args)
        self.eta, self.min_steps = args.eta, args.min_steps
        self.tensors = self.reward.tensors

    def iterate(self, b):
        with torch.no_grad():
            u = self.reward(b)
        update(self.climb, -self.reward.value(b, u, self.policy(b), self.eta)[0])
        for _ in range(self.min_steps):
            with torch.no_grad():
                v = self.policy(b)
            value, pick = self.reward.value(b, self.reward(b), v, self.eta)
            update(self.descend, value - pick)


def optimizers(model, args):
    tables = [p.weight for p in model.modules() if isinstance(p, nn.Embedding) and p.sparse]
    known = {id(p) for p in tables}
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in known]
    decay = [p for p in rest if p.dim() > 1]
    bias = [p for p in rest if p.dim() == 1]
    groups = [{"params": decay, "weight_decay": args.l2}, {"params": bias}]
    both = [torch.optim.Adam(groups, lr=args.lr, fused=True)]
    if tables:
        both.append(torch.optim.SparseAdam(tables, lr=args.lr))
    return both


def update(optimizer, loss):
    for o in optimizer:
        o.zero_grad(set_to_none=True)
    loss.backward()
    for o in optimizer:
        o.step()


class Trainer:
    def __init__(self, model, args):
        self.model, self.no_click = model, args.no_click
        self.optimizer = optimizers(model, args)
        self.tensors = model.tensors

    def iterate(self, b):
        update(self.optimizer, self.model.loss(b, self.no_click))


def run(trainer, data, users, args, iterations):
    """Seconds of `iterations` iterations, and how many of them went into preparing batches."""
    rng = np.random.default_rng(1)
    size, prepare = min(args.batch, len(users)), 0.0
    start = clock()
    for _ in range(iterations):
        before = clock()
        chosen = users[rng.choice(len(users), size, replace=False, shuffle=False)]
        b = trainer.tensors(Batch(data, chosen, 0, args.no_click))
        prepare += clock() - before
        trainer.iterate(b)
    return clock() - start, prepare


def best_rate(trainer, data, users, args):
    """Rate, share of preparation and number of threads; the first, short runs choose the threads."""
    probe, tried = max(args.iterations // 5, 3), {}
    for threads in (1,) if CPU else (1, 2):
        torch.set_num_threads(threads)
        run(trainer, data, users, args, 3)
        tried[threads] = run(trainer, data, users, args, probe)[0]
    threads = min(tried, key=tried.get)
    torch.set_num_threads(threads)
    runs = sorted(run(trainer, data, users, args, args.iterations) for _ in range(3))
    return args.iterations / runs[1][0], runs[1][1] / runs[1][0], threads


@torch.no_grad()
def nll(model, data, args):
    users = data.users_with(args.role)
    total = steps = 0
    for chunk in np.array_split(users, max(len(users) // 128, 1)):
        b = model.tensors(Batch(data, chunk, args.role, args.no_click))
        total += float(model.loss(b, args.no_click)) * b.steps
        steps += b.steps
    return total / steps


def main():
    p = argparse.ArgumentParser()
    p.add_argument("batches")
    p.add_argument("model")
    p.add_argument("--variant", choices=["careful", "plain"], default="careful")
    p.add_argument("--adversarial", action="store_true", help="a policy against the reward; the nll is the policy's")
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--iterations", type=int, default=100, help="0: only the nll")
    p.add_argument("--role", type=int, default=0)
    p.add_argument("--no-click", action="store_true")
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--l2", type=float, default=0.0)
    p.add_argument("--sparse", action="store_true", help="tables by SparseAdam")
    p.add_argument("--eta", type=float, default=1.0)
    p.add_argument("--min-steps", type=int, default=0)
    args = p.parse_args()

    torch.set_flush_denormal(True)
    data = stream.Batches(args.batches)
    _, tensors = stream.model(args.model)
    network = Plain if args.variant == "plain" else Careful
    if args.adversarial:
        trainer = Adversary(network, data, tensors, args)
        model = trainer.policy
    else:
        model = Careful(data, tensors, sparse=True) if args.sparse else network(data, tensors)
        trainer = Trainer(model, args)
    print(f"nll\t{nll(model, data, args):.7f}")
    print(f"torch\t{torch.__version__}")
    if args.iterations:
        rate, share, threads = best_rate(trainer, data, data.users_with(0), args)
        print(f"rate\t{rate:.1f}\nprepare\t{share:.3f}\nthreads\t{threads}")


if __name__ == "__main__":
    main()
