// SPDX-License-Identifier: MIT
#include "stgmamba/nn/st_gcn.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/error_between.hpp"
#include "support/gradcheck_along.hpp"

namespace stgmamba::nn {
namespace {

using torch::Tensor;
constexpr std::int64_t kN = 2, kIn = 3, kOut = 4, kT = 7, kV = 5, kK = 3;

Tensor make_input(std::int64_t channels) {
  return torch::randn({kN, channels, kT, kV}, torch::kFloat64);
}
Tensor make_graph() {
  return torch::rand({kK, kV, kV}, torch::kFloat64);
}

/// The definition: every partition's own 1x1 convolution, gathered from the sources of each receiver.
TEST(StGraphConv, EqualsItsDefinition) {
  torch::manual_seed(1);
  StGraphConv net(kIn, kOut, kK);
  net->to(torch::kFloat64);
  const Tensor x = make_input(kIn), graph = make_graph();
  const Tensor weight = net->named_parameters()["conv.weight"].view({kK, kOut, kIn});
  const Tensor bias = net->named_parameters()["conv.bias"].view({kK, kOut});
  const Tensor each = torch::einsum("koi,nitv->knotv", {weight, x}) + bias.view({kK, 1, kOut, 1, 1});
  const Tensor wanted = torch::einsum("knotv,kvw->notw", {each, graph});
  EXPECT_LT(test::error_between(net->forward(x, graph), wanted), 1e-12);
}

TEST(StGcnBlock, HalvesTheFramesOnlyWhereAsked) {
  const Tensor graph = make_graph();
  for (const bool residual : {false, true}) {
    for (const std::int64_t stride : {1, 2}) {
      StGcnBlock net(
          StGcnBlockConfig{.in = kIn, .out = kOut, .partitions = kK, .stride = stride, .residual = residual});
      net->to(torch::kFloat64);
      EXPECT_EQ(net->forward(make_input(kIn), graph).sizes(),
                (std::vector<std::int64_t>{kN, kOut, (kT + stride - 1) / stride, kV}));
      EXPECT_EQ(net->named_parameters().contains("residual.0.weight"), residual);
    }
  }
}

/// Where shapes agree the residual is the input itself: a block whose convolution is silent passes it on.
TEST(StGcnBlock, TheResidualIsTheInput) {
  StGcnBlock net(StGcnBlockConfig{.in = kOut, .out = kOut, .partitions = kK});
  net->to(torch::kFloat64);
  {
    const torch::NoGradGuard no_grad;
    net->named_parameters()["tcn.3.weight"].zero_();
  }
  const Tensor x = make_input(kOut);
  EXPECT_LT(test::error_between(net->forward(x, make_graph()), torch::relu(x)), 1e-12);
}

TEST(StGcnBlock, GradientsMatchFiniteDifferences) {
  torch::manual_seed(2);
  StGcnBlock net(StGcnBlockConfig{.in = kIn, .out = kOut, .partitions = kK, .stride = 2});
  net->to(torch::kFloat64);
  net->eval();  // batch statistics cancel the biases before them
  const Tensor x = make_input(kIn).requires_grad_(), graph = make_graph().requires_grad_();
  std::vector<std::pair<std::string, Tensor>> inputs = {{"x", x}, {"graph", graph}};
  for (const auto& entry : net->named_parameters()) {
    inputs.emplace_back(entry.key(), entry.value());
  }
  test::gradcheck_along([&] { return net->forward(x, graph); }, inputs);
}

}  // namespace
}  // namespace stgmamba::nn
