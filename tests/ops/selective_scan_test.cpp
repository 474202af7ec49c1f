// SPDX-License-Identifier: MIT
#include "stgmamba/ops/selective_scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/error.hpp"

#include "support/gradcheck.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;

struct Case {
  ScanAxis axis;
  bool reverse;
  std::vector<std::int64_t> order;
  bool initial;
};

const std::vector<Case> kCases = {
    {ScanAxis::kJoints, false, {}, false},          {ScanAxis::kJoints, true, {}, true},
    {ScanAxis::kJoints, false, {2, 0, 3, 1}, true}, {ScanAxis::kJoints, true, {2, 0, 3, 1}, false},
    {ScanAxis::kFrames, false, {}, true},           {ScanAxis::kFrames, true, {}, false},
    {ScanAxis::kNodes, false, {}, false},           {ScanAxis::kNodes, true, {1, 3, 0, 2}, true},
};
constexpr std::int64_t kB = 2, kF = 5, kV = 4, kD = 3, kN = 6;

ScanBranch make_branch(const Case& c, at::ScalarType dtype = torch::kDouble) {
  const auto options = torch::TensorOptions(dtype);
  ScanBranch branch{c.axis, c.reverse, c.order};
  branch.delta = torch::randn({kB, kF, kV, kD}, options);
  const Tensor both = torch::randn({kB, kF, kV, 2 * kN + 1}, options);
  branch.b = both.narrow(-1, 1, kN);  // strided views, as x_proj's output is
  branch.c = both.narrow(-1, 1 + kN, kN);
  branch.a = -torch::rand({kD, kN}, options) - 0.1;
  branch.skip = torch::randn({kD}, options);
  branch.delta_bias = torch::randn({kD}, options);
  if (c.initial) {
    const std::int64_t rows = c.axis == ScanAxis::kJoints ? kB * kF : c.axis == ScanAxis::kFrames ? kB * kV : kB;
    branch.initial_state = torch::randn({rows, kD, kN}, options);
  }
  return branch;
}

/// One number after the other, straight from the formula.
Tensor naive(const Tensor& u, const ScanBranch& s) {
  Tensor y = torch::zeros_like(u);
  const auto joint = [&](std::int64_t i) { return s.order.empty() ? i : s.order[static_cast<std::size_t>(i)]; };
  std::vector<std::vector<std::array<std::int64_t, 3>>> sequences;
  for (std::int64_t b = 0; b < kB; ++b) {
    std::vector<std::array<std::int64_t, 3>> nodes;
    if (s.axis == ScanAxis::kFrames) {
      for (std::int64_t v = 0; v < kV; ++v) {
        std::vector<std::array<std::int64_t, 3>> row;
        for (std::int64_t f = 0; f < kF; ++f) {
          row.push_back({b, f, v});
        }
        sequences.push_back(row);
      }
      continue;
    }
    for (std::int64_t f = 0; f < kF; ++f) {
      for (std::int64_t i = 0; i < kV; ++i) {
        nodes.push_back({b, f, joint(i)});
      }
      if (s.axis == ScanAxis::kJoints) {
        sequences.push_back(nodes);
        nodes.clear();
      }
    }
    if (s.axis == ScanAxis::kNodes) {
      sequences.push_back(nodes);
    }
  }
  const auto at = [](const Tensor& x, const std::array<std::int64_t, 3>& p, std::int64_t i) {
    return x[p[0]][p[1]][p[2]][i].item<double>();
  };
  for (std::size_t q = 0; q < sequences.size(); ++q) {
    auto path = sequences[q];
    if (s.reverse) {
      std::reverse(path.begin(), path.end());
    }
    for (std::int64_t d = 0; d < kD; ++d) {
      std::vector<double> h(static_cast<std::size_t>(kN), 0.0);
      for (std::int64_t n = 0; n < kN && s.initial_state.defined(); ++n) {
        h[static_cast<std::size_t>(n)] = s.initial_state[static_cast<std::int64_t>(q)][d][n].item<double>();
      }
      for (const auto& p : path) {
        const double raw = at(s.delta, p, d) + s.delta_bias[d].item<double>();
        const double delta = raw > 20 ? raw : std::log1p(std::exp(raw));
        double out = s.skip[d].item<double>() * at(u, p, d);
        for (std::int64_t n = 0; n < kN; ++n) {
          double& state = h[static_cast<std::size_t>(n)];
          state = std::exp(delta * s.a[d][n].item<double>()) * state + delta * at(s.b, p, n) * at(u, p, d);
          out += at(s.c, p, n) * state;
        }
        y[p[0]][p[1]][p[2]][d] = out;
      }
    }
  }
  return y;
}

class SelectiveScan : public testing::TestWithParam<ScanBackend> {};
INSTANTIATE_TEST_SUITE_P(Backends, SelectiveScan, testing::Values(ScanBackend::kReference, ScanBackend::kCpu),
                         [](const auto& backend) { return backend.param == ScanBackend::kCpu ? "cpu" : "reference"; });

TEST_P(SelectiveScan, EqualsTheFormulaOnEveryAxisDirectionAndOrder) {
  torch::manual_seed(1);
  for (const Case& c : kCases) {
    const Tensor u = torch::randn({kB, kF, kV, kD}, torch::kDouble);
    const ScanBranch branch = make_branch(c);
    const Tensor y = selective_scan(u, {branch}, GetParam())[0].y;
    EXPECT_LT((y - naive(u, branch)).abs().max().item<double>(), 1e-12);
  }
}

TEST_P(SelectiveScan, GradientsOfEveryInput) {
  torch::manual_seed(2);
  for (const Case& c : kCases) {
    const Tensor u = torch::randn({kB, kF, kV, kD}, torch::kDouble).requires_grad_();
    ScanBranch s = make_branch(c);
    s.b = s.b.contiguous();
    s.c = s.c.contiguous();
    std::vector<Tensor> xs = {u, s.delta, s.b, s.c, s.a, s.skip, s.delta_bias};
    if (c.initial) {
      xs.push_back(s.initial_state);
    }
    for (Tensor& x : xs) {
      x.requires_grad_();
    }
    test::gradcheck([&] { return selective_scan(u, {s}, GetParam())[0].y; }, xs);
  }
}

TEST_P(SelectiveScan, LargeDeltaIsTakenAsItIs) {
  const Tensor u = torch::randn({kB, kF, kV, kD}, torch::kDouble).requires_grad_();
  ScanBranch s = make_branch(kCases[4]);
  s.delta = (s.delta + 25.0).detach().requires_grad_();
  EXPECT_LT((selective_scan(u, {s}, GetParam())[0].y - naive(u.detach(), s)).abs().max().item<double>(), 1e-9);
  test::gradcheck([&] { return selective_scan(u, {s}, GetParam())[0].y; }, {u, s.delta}, 1e-5);
}

TEST_P(SelectiveScan, BackwardInTimeIsForwardOnTheFlippedSequence) {
  torch::manual_seed(3);
  const Tensor u = torch::randn({kB, kF, kV, kD}, torch::kDouble);
  ScanBranch s = make_branch(kCases[5]);
  ScanBranch flipped = s;
  flipped.reverse = false;
  flipped.delta = s.delta.flip(1);
  flipped.b = s.b.flip(1);
  flipped.c = s.c.flip(1);
  EXPECT_TRUE(torch::equal(selective_scan(u, {s}, GetParam())[0].y,
                           selective_scan(u.flip(1), {flipped}, GetParam())[0].y.flip(1)));
}

TEST_P(SelectiveScan, TwoHalvesWithTheStateHandedOverAreTheWhole) {
  torch::manual_seed(4);
  const Tensor u = torch::randn({kB, kF, kV, kD}, torch::kDouble);
  const ScanBranch whole = make_branch(kCases[4]);
  const auto part = [&](std::int64_t begin, std::int64_t count, const Tensor& state) {
    ScanBranch s = whole;
    s.delta = whole.delta.narrow(1, begin, count);
    s.b = whole.b.narrow(1, begin, count);
    s.c = whole.c.narrow(1, begin, count);
    s.initial_state = state;
    return selective_scan(u.narrow(1, begin, count), {s}, GetParam())[0];
  };
  const ScanOutput first = part(0, 2, whole.initial_state);
  const ScanOutput second = part(2, 3, first.last_state);
  const ScanOutput all = selective_scan(u, {whole}, GetParam())[0];
  EXPECT_TRUE(torch::allclose(torch::cat({first.y, second.y}, 1), all.y, 1e-14, 1e-14));
  EXPECT_TRUE(torch::allclose(second.last_state, all.last_state, 1e-14, 1e-14));
}

TEST_P(SelectiveScan, SeveralBranchesAreTheirOwnResultsInOrder) {
  torch::manual_seed(5);
  const Tensor u = torch::randn({kB, kF, kV, kD});
  const ScanBranch first = make_branch(kCases[0], torch::kFloat);
  const ScanBranch second = make_branch(kCases[5], torch::kFloat);
  const auto both = selective_scan(u, {first, second}, GetParam());
  EXPECT_TRUE(torch::equal(both[0].y, selective_scan(u, {first}, GetParam())[0].y));
  EXPECT_TRUE(torch::equal(both[1].y, selective_scan(u, {second}, GetParam())[0].y));
}

TEST_P(SelectiveScan, ASecondDerivativeIsRefused) {
  const Tensor u = torch::randn({kB, kF, kV, kD}).requires_grad_();
  const ScanBranch s = make_branch(kCases[0], torch::kFloat);
  const Tensor y = selective_scan(u, {s}, GetParam())[0].y.sum();
  EXPECT_THAT(test::error_of([&] { torch::autograd::grad({y}, {u}, {}, true, true); }),
              testing::HasSubstr("has no second derivative"));
}

TEST(SelectiveScanErrors, WrongShapesAreNamed) {
  const Tensor u = torch::randn({kB, kF, kV, kD});
  ScanBranch s = make_branch(kCases[0], torch::kFloat);
  s.b = s.b.narrow(-1, 0, 2);
  EXPECT_THAT(test::error_of([&] { selective_scan(u, {s}); }),
              testing::HasSubstr("b must be [2, 5, 4, 6], got [2, 5, 4, 2]"));
  s = make_branch(kCases[0], torch::kFloat);
  s.order = {0, 1, 1, 3};
  EXPECT_THAT(test::error_of([&] { selective_scan(u, {s}); }),
              testing::HasSubstr("order must hold every joint 0..3 once"));
  EXPECT_THAT(test::error_of([&] { selective_scan(u[0], {s}); }), testing::HasSubstr("u must be [B, F, V, D]"));
  EXPECT_EQ(test::exit_code_of([] { scan_backend_from_name("tpu"); }), 3);
}

}  // namespace
}  // namespace stgmamba::ops
