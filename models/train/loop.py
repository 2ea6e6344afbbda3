"""The training loop that all four share: one cosine over a number of images, averaged weights, checkpoints, resume."""
import copy
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch


def phase(phases, share):
    """The phase (end, size, batch) that `share` of the training falls into."""
    return next(p for p in phases if share < p[0] or p is phases[-1])


class Average:
    """Exponential mean of the weights, which is exported and measured."""

    def __init__(self, model, decay=0.998):
        self.model, self.decay, self.steps = copy.deepcopy(model).eval(), decay, 0

    @torch.no_grad()
    def update(self, model):
        self.steps += 1
        d = min(self.decay, (1 + self.steps) / (20 + self.steps))
        for mean, now in zip(self.model.state_dict().values(), model.state_dict().values()):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1 - d)
            else:
                mean.copy_(now)


def clock(text):
    """The next '14:30' in seconds since 1970."""
    now = time.localtime()
    hour, minute = (int(t) for t in text.split(':'))
    then = time.mktime((now.tm_year, now.tm_mon, now.tm_mday, hour, minute, 0, 0, 0, -1))
    return then if then > time.time() else then + 86400


def optimiser(model, decay=0.02, slow=None):
    """`slow` maps a part of the model to its share of the learning rate."""
    groups = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            share = next((s for part, s in (slow or {}).items() if name.startswith(f'{part}.')), 1.0)
            groups.setdefault((share, decay if p.ndim > 1 else 0.0), []).append(p)
    return torch.optim.AdamW([{'params': params, 'weight_decay': d, 'share': share} for (share, d), params in groups.items()],
                             lr=1e-3, betas=(0.9, 0.99))


def run(model, make_batch, loss_of, *, phases, images, lr, out, seed=1, clip=4.0, warmup=150, evaluate=None,
        evaluate_every=6000, save_every_s=150, decay=0.02, frozen=(), slow=None, until=None):
    """Trains until `images` were seen. A run that was stopped goes on from its checkpoint, with the same batches.

    `until` (seconds since 1970) ends the run and its cosine at a time of day, for shared machines, where the images per
    hour are not known in advance.

    `frozen` names parts that keep their loaded weights: the first layers cost most of a step and change least.
    `slow` gives pretrained parts a share of the learning rate.
    """
    torch.set_num_threads(1)  # for a net this small, one process per core is faster than threads
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    model = model.to(memory_format=torch.channels_last).train()
    for name in frozen:
        model.get_submodule(name).eval().requires_grad_(False)
    average, opt = Average(model), optimiser(model, decay, slow)
    seen = step = 0
    began = time.time()
    if out.exists():
        saved = torch.load(out, weights_only=True)
        model.load_state_dict(saved['model'])
        average.model.load_state_dict(saved['average'])
        if 'opt' in saved:
            opt.load_state_dict(saved['opt'])
        seen, step, average.steps = saved['seen'], saved['step'], saved['step']
        began = saved.get('began', began)
        print(f'resumed at {seen} images', flush=True)

    def save():
        partial = out.with_suffix('.partial')
        torch.save({'model': model.state_dict(), 'average': average.model.state_dict(), 'opt': opt.state_dict(),
                    'seen': seen, 'step': step, 'began': began}, partial)
        partial.replace(out)

    def share_at(count):
        return count / images if until is None else (time.time() - began) / (until - began)

    # Makes the next batch while the net learns from this one, on a second core if one is free.
    maker = ThreadPoolExecutor(1)

    def ask_for_batch(step, count):
        _, size, batch_size = phase(phases, share_at(count))
        return size, batch_size, maker.submit(make_batch, np.random.default_rng([seed, step]), batch_size, size)

    saved_at, cpu_at, logged, losses = time.time(), time.process_time(), seen, []
    next_evaluation = (seen // evaluate_every + 1) * evaluate_every
    asked = ask_for_batch(step, seen)
    while seen < images and (until is None or time.time() < until):
        size, batch_size, batch = asked
        asked = ask_for_batch(step + 1, seen + batch_size)
        share = share_at(seen)
        rate = lr * min(1, (step + 1) / warmup) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))
        for group in opt.param_groups:
            group['lr'] = rate * group['share']
        batch = batch.result()
        loss = loss_of(model, batch, share)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        opt.step()
        average.update(model)
        seen, step = seen + batch_size, step + 1
        losses.append(loss.item())
        if step % 50 == 0:
            cpu = time.process_time()
            print(f'{time.strftime("%H:%M:%S")} seen {seen} size {size} loss {np.mean(losses):.4f} lr {rate:.5f} '
                  f'{(seen - logged) / (cpu - cpu_at):.1f} images/cpu-s', flush=True)
            cpu_at, logged, losses = cpu, seen, []
        if time.time() - saved_at > save_every_s:
            save()
            saved_at = time.time()
        if evaluate and seen >= next_evaluation:
            next_evaluation += evaluate_every
            print(f'val at {seen}: {evaluate(average.model)}', flush=True)
    maker.shutdown(cancel_futures=True)
    save()
    if evaluate:
        print(f'val at {seen}: {evaluate(average.model)}', flush=True)
    return average.model
