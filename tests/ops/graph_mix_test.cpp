// SPDX-License-Identifier: MIT
// The graph convolution along edges against the ATen ops it stands for. Values inside the layer: tests/nn.
#include "stgmamba/ops/graph_mix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "scan/cpu/isa.hpp"
#include "support/error_between.hpp"
#include "support/gradcheck.hpp"
#include "support/scoped_env.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;

// Joint 2 receives nothing, joint 0 three times (twice along the same edge).
const std::vector<GraphEdge> kEdges = {{0, 0}, {3, 0}, {3, 0}, {2, 1}, {0, 3}, {1, 3}};

struct Operands {
  Tensor both, mix, bias;  // u is a view: the second half of a wider matrix

  Operands(std::int64_t frames, std::int64_t channels, at::ScalarType type) {
    torch::manual_seed(1);
    const at::ScalarType wide = type == torch::kDouble ? torch::kDouble : torch::kFloat;
    both = torch::randn({2, frames, 4, 2 * channels}).to(type).requires_grad_();
    mix = torch::randn({6, channels}).to(wide).requires_grad_();
    bias = torch::randn({channels}).to(wide).requires_grad_();
  }
  std::vector<Tensor> leaves() const { return {both, mix, bias}; }
  Tensor run(ScanBackend backend) const { return graph_mix(both.chunk(2, -1)[1], kEdges, mix, bias, backend); }
  std::vector<Tensor> results(ScanBackend backend) const {
    const Tensor out = run(backend);
    torch::manual_seed(2);
    std::vector<Tensor> all = torch::autograd::grad({out}, leaves(), {torch::randn(out.sizes()).to(out.scalar_type())});
    all.push_back(out.detach());
    return all;
  }
};

TEST(GraphMix, EqualsAtenOnEveryInstructionSetAndType) {
  for (const kernels::Isa isa : kernels::usable_isas()) {
    const test::ScopedEnv env("STG_SCAN_ISA", kernels::isa_name(isa));
    for (const std::int64_t channels : {1, 15, 16, 37, 128}) {
      for (const std::int64_t frames : {1, 7, 40}) {
        for (const auto& [type, tolerance] :
             {std::pair{torch::kFloat, 5e-6}, std::pair{torch::kBFloat16, 1.6e-2}, std::pair{torch::kHalf, 2e-3}}) {
          const Operands operands(frames, channels, type);
          const Operands wide(frames, channels, torch::kDouble);
          for (std::size_t i = 0; i < 3; ++i) {
            const torch::NoGradGuard no_grad;
            wide.leaves()[i].copy_(operands.leaves()[i]);
          }
          const auto got = operands.results(ScanBackend::kCpu);
          const auto wanted = wide.results(ScanBackend::kReference);
          for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_LT(test::error_between(got[i], wanted[i]), tolerance)
                << kernels::isa_name(isa) << " " << c10::toString(type) << ", F " << frames << ", D " << channels;
          }
        }
      }
    }
  }
}

TEST(GraphMix, GradientsInDoublePrecision) {
  const Operands operands(2, 3, torch::kDouble);
  test::gradcheck([&operands] { return operands.run(ScanBackend::kCpu); }, operands.leaves());
}

TEST(GraphMix, RefusesWhatItCannotDo) {
  const Operands operands(1, 4, torch::kFloat);
  const Tensor u = operands.both.chunk(2, -1)[1];
  const auto error_of = [&](const std::vector<GraphEdge>& edges, const Tensor& mix) {
    return test::error_of([&] { graph_mix(u, edges, mix, operands.bias); });
  };
  EXPECT_THAT(error_of(kEdges, operands.mix.narrow(0, 0, 5)), testing::HasSubstr("mix must be [6, 4], got [5, 4]"));
  std::vector<GraphEdge> edges = kEdges;
  std::swap(edges.front(), edges.back());
  EXPECT_THAT(error_of(edges, operands.mix), testing::HasSubstr("in the order of the receivers"));
  edges = kEdges;
  edges[0].source = 4;
  EXPECT_THAT(error_of(edges, operands.mix), testing::HasSubstr("edge 0 must join two of 4 joints"));
  EXPECT_THAT(test::error_of([&] {
                torch::autograd::grad({operands.run(ScanBackend::kCpu).sum()}, operands.leaves(), {}, true, true);
              }),
              testing::HasSubstr("no second derivative"));
}

}  // namespace
}  // namespace stgmamba::ops
