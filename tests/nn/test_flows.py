"""Coupling flows: that they are undone, and that their determinant is that of the map."""

from __future__ import annotations

import pytest
import torch

from lvm_core.nn.flows import CouplingFlow


@pytest.fixture
def flow():
    """A flow whose couplings do something."""
    net, generator = CouplingFlow(5, 3, blocks=3, width=16), torch.Generator().manual_seed(0)
    net.initialise(generator)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=generator))
        net.means.copy_(torch.randn(3, 5, generator=generator))
    net = net.double()
    for block in net.couplings:  # orthogonal to the last digit of this precision
        block.rotation.copy_(torch.linalg.qr(block.rotation)[0])
    return net


def test_decode_undoes_forward(flow):
    noise = torch.randn((7, 5), generator=torch.Generator().manual_seed(1)).double()
    part = torch.tensor([0, 1, 2, 0, 1, 2, 0])
    z = flow.decode(part, noise)
    torch.testing.assert_close(flow(z)[0] - flow.means[part], noise)


def test_the_determinant_is_that_of_the_jacobian(flow):
    z = torch.randn((4, 5), generator=torch.Generator().manual_seed(2)).double()
    for row, found in zip(z, flow(z)[1]):
        jacobian = torch.autograd.functional.jacobian(lambda v: flow(v[None])[0][0], row)
        torch.testing.assert_close(jacobian.slogdet()[1], found)


def test_a_new_flow_is_its_mixture():
    net = CouplingFlow(3, 2, blocks=4, width=8)
    net.initialise(torch.Generator().manual_seed(0))
    net.means[1] = 5.0
    z = torch.randn((6, 3), generator=torch.Generator().manual_seed(1))
    parts = [torch.distributions.Normal(net.means[c], 1.0).log_prob(z).sum(1) for c in (0, 1)]
    torch.testing.assert_close(net.log_prob(z), torch.stack(parts).exp().mean(0).log())
