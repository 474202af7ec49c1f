// SPDX-License-Identifier: MIT
#include "stgmamba/nn/graph_conv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/skeleton/graph.hpp"
#include "stgmamba/skeleton/layout.hpp"

#include "scan/cpu/isa.hpp"
#include "support/gradcheck_along.hpp"
#include "support/scoped_env.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::nn {
namespace {

using torch::Tensor;
constexpr std::int64_t kB = 2, kF = 4, kV = skeleton::kJoints, kD = 5;

const std::vector<GraphConvConfig> kConfigs = {
    {"depthwise", "spatial", 1}, {"dense", "stgcn", 1}, {"depthwise", "uniform", 3}, {"dense", "spatial", 3}};

GraphConv shuffled(const GraphConvConfig& config) {
  GraphConv conv(config, kD);
  conv->to(torch::kDouble);
  const torch::NoGradGuard no_grad;
  for (Tensor& parameter : conv->parameters()) {
    parameter.normal_();  // the ones and zeros of the start would hide a missing factor
  }
  return conv;
}

/// out[w] = sum_k sum_v (A_k * M_k)[v, w] W_k u[v] + bias, then three frames, one number after the other.
Tensor naive(const GraphConvConfig& config, GraphConv& conv, const Tensor& u) {
  const auto p = conv->named_parameters();
  const skeleton::Partition partition = skeleton::partition_from_name(config.partition);
  const std::vector<double> a = skeleton::adjacency(partition);
  const auto parts = static_cast<std::int64_t>(skeleton::partition_count(partition));
  Tensor out = p["bias"].detach().expand(u.sizes()).clone();
  for (std::int64_t k = 0; k < parts; ++k) {
    for (std::int64_t v = 0; v < kV; ++v) {
      const Tensor sent = u.select(2, v);  // [B, F, D]
      const Tensor weighed = config.weights == "dense"
                                 ? (sent.unsqueeze(-2) * p["weight"][k]).sum(-1)  // W_k is [D_out, D_in]
                                 : sent * p["weight"][k];
      for (std::int64_t w = 0; w < kV; ++w) {
        const double edge = a[static_cast<std::size_t>((k * kV + v) * kV + w)];
        out.select(2, w) += edge * p["edge_importance"][k][v][w].item<double>() * weighed;
      }
    }
  }
  if (config.temporal_kernel == 1) {
    return out;
  }
  Tensor mixed = torch::zeros_like(out);
  for (std::int64_t f = 0; f < kF; ++f) {
    for (std::int64_t tap = 0; tap < 3; ++tap) {
      if (const std::int64_t from = f + tap - 1; from >= 0 && from < kF) {
        mixed.select(1, f) += out.select(1, from) * p["temporal"].select(1, tap);
      }
    }
  }
  return mixed;
}

TEST(GraphConv, EqualsTheFormula) {
  torch::manual_seed(1);
  for (const GraphConvConfig& config : kConfigs) {
    GraphConv conv = shuffled(config);
    const torch::NoGradGuard no_grad;
    const Tensor u = torch::randn({kB, kF, kV, kD}, torch::kDouble);
    EXPECT_LT((conv->forward(u) - naive(config, conv, u)).abs().max().item<double>(), 1e-12)
        << config.weights << " " << config.partition;
  }
}

TEST(GraphConv, GradientsOfEveryInputAndParameter) {
  torch::manual_seed(2);
  for (const GraphConvConfig& config : kConfigs) {
    GraphConv conv = shuffled(config);
    const Tensor u = torch::randn({kB, kF, kV, kD}, torch::kDouble).requires_grad_();
    std::vector<std::pair<std::string, Tensor>> xs = {{"u", u}};
    for (auto& entry : conv->named_parameters()) {
      xs.emplace_back(entry.key(), entry.value());
    }
    test::gradcheck_along([&] { return conv->forward(u); }, xs);
  }
}

/// On the CPU `activated` runs along the edges; under the reference backend it is silu of the dense formula.
TEST(GraphConv, ActivatedEqualsSiluOfTheDenseFormula) {
  torch::manual_seed(3);
  for (const kernels::Isa isa : kernels::usable_isas()) {
    const test::ScopedEnv env("STG_SCAN_ISA", kernels::isa_name(isa));
    for (const char* partition : {"spatial", "stgcn", "uniform"}) {
      for (const std::int64_t width : {1, 5, 16, 37, 128}) {
        GraphConv conv(GraphConvConfig{"depthwise", partition, 1}, width);
        for (Tensor& parameter : conv->parameters()) {
          const torch::NoGradGuard no_grad;
          parameter.normal_();
        }
        const Tensor u = (torch::randn({3, 7, kV, width}) * 2).requires_grad_();
        std::vector<Tensor> xs = conv->parameters();
        xs.push_back(u);
        const auto run = [&](ops::ScanBackend backend) {
          const Tensor out = conv->activated(u, backend);
          std::vector<Tensor> results = torch::autograd::grad({(out * out.detach().sin()).sum()}, xs);
          results.push_back(out.detach());
          return results;
        };
        const auto got = run(ops::ScanBackend::kCpu);
        const auto wanted = run(ops::ScanBackend::kReference);
        for (std::size_t i = 0; i < got.size(); ++i) {
          EXPECT_LT(((got[i] - wanted[i]).abs().max() / wanted[i].abs().max()).item<double>(), 2e-5)
              << kernels::isa_name(isa) << " " << partition << ", D " << width << ", result " << i;
        }
      }
    }
  }
}

TEST(GraphConv, ActivatedHasExactGradients) {
  torch::manual_seed(4);
  GraphConv conv = shuffled({"depthwise", "spatial", 1});
  const Tensor u = torch::randn({kB, kF, kV, kD}, torch::kDouble).requires_grad_();
  std::vector<std::pair<std::string, Tensor>> xs = {{"u", u}};
  for (auto& entry : conv->named_parameters()) {
    xs.emplace_back(entry.key(), entry.value());
  }
  test::gradcheck_along([&] { return conv->activated(u, ops::ScanBackend::kCpu); }, xs);
}

TEST(GraphConv, ActivatedGivesTheSameBitsOnAnyNumberOfThreads) {
  torch::manual_seed(5);
  GraphConv conv(GraphConvConfig{"depthwise", "spatial", 1}, 37);
  const Tensor u = torch::randn({4, 25, kV, 37}).requires_grad_();
  std::vector<Tensor> xs = conv->parameters();
  xs.push_back(u);
  const int before = at::get_num_threads();
  std::vector<Tensor> wanted;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    const auto got = torch::autograd::grad({conv->activated(u, ops::ScanBackend::kCpu).square().sum()}, xs);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_TRUE(torch::equal(got[i], wanted[i])) << threads << " threads, input " << i;
    }
    wanted = got;
  }
  at::set_num_threads(before);
}

TEST(GraphConv, ReadsItsOptionsStrictly) {
  const auto error_for = [](const std::string& text) {
    return test::error_of([&] {
      GraphConvConfig config;
      const auto document = config::Document::parse("graph: {" + text + "}", "test.yaml");
      read(document.root().section("graph"), config);
      document.finish();
    });
  };
  EXPECT_EQ(error_for("weights: dense, partition: uniform, temporal_kernel: 3"), "");
  EXPECT_THAT(error_for("temporal_kernel: 2"), testing::HasSubstr("must be 1 or 3, got '2'"));
  EXPECT_NE(error_for("weights: sparse"), "");
  EXPECT_NE(error_for("partitions: uniform"), "");
}

}  // namespace
}  // namespace stgmamba::nn
