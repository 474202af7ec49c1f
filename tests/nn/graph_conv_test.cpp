// SPDX-License-Identifier: MIT
#include "stgmamba/nn/graph_conv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/skeleton/graph.hpp"
#include "stgmamba/skeleton/layout.hpp"

#include "support/gradcheck_along.hpp"
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
