// SPDX-License-Identifier: MIT
#include "stgmamba/nn/stgm_block.hpp"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/skeleton/graph.hpp"
#include "stgmamba/skeleton/layout.hpp"

#include "ops/backend.hpp"
#include "support/gradcheck_along.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::nn {
namespace {

using torch::Tensor;
constexpr std::int64_t kF = 5, kV = skeleton::kJoints;

StgmBlockConfig small(bool spatial = true, bool forward = true, bool backward = true) {
  StgmBlockConfig config;
  config.d = 3;
  config.d_state = 4;
  config.spatial = spatial;
  config.forward = forward;
  config.backward = backward;
  config.graph.partition = "uniform";
  return config;
}

/// Which nodes of the input reach the output node (frame 2, joint `joint`), with the graph convolution set to the
/// identity: what is left is the scans' own reach. [F, V] bool.
Tensor reach(const StgmBlockConfig& config, std::int64_t index, std::int64_t joint) {
  torch::manual_seed(3);
  StgmBlock block(config, index);
  block->to(torch::kDouble);
  const std::vector<double> a = skeleton::adjacency(skeleton::Partition::kUniform);
  {
    const torch::NoGradGuard no_grad;
    auto parameters = block->named_parameters();
    Tensor& importance = parameters["graph_conv.edge_importance"];  // [1, V, V]
    importance.zero_();
    for (std::int64_t v = 0; v < kV; ++v) {
      importance[0][v][v] = 1.0 / a[static_cast<std::size_t>(v * kV + v)];
    }
    parameters["graph_conv.weight"].fill_(1.0);
  }
  const Tensor z = torch::randn({1, kF, kV, config.d}, torch::kDouble).requires_grad_();
  const Tensor out = block->forward(z);
  const Tensor probe = torch::randn({config.d}, torch::kDouble);
  return torch::autograd::grad({(out[0][2][joint] * probe).sum()}, {z})[0].abs().sum(-1)[0] > 0;
}

std::int64_t place(std::int64_t joint) {
  const auto& order = skeleton::kinematic_order();
  return std::find(order.begin(), order.end(), static_cast<int>(joint)) - order.begin();
}

/// Compares reach() with a rule about (frame, joint) for an output at (2, 6).
void expect_reach(const std::string& what, const StgmBlockConfig& config, std::int64_t index,
                  const std::function<bool(std::int64_t, std::int64_t)>& rule) {
  const Tensor got = reach(config, index, 6);
  for (std::int64_t f = 0; f < kF; ++f) {
    for (std::int64_t v = 0; v < kV; ++v) {
      EXPECT_EQ(got[f][v].item<bool>(), rule(f, v)) << what << ", frame " << f << ", joint " << v;
    }
  }
}

TEST(StgmBlock, EachBranchReachesWhatItsNameSays) {
  const std::int64_t here = place(6);
  const auto sg = [&](std::int64_t f, std::int64_t v) { return f == 2 && place(v) <= here; };
  const auto tgf = [](std::int64_t f, std::int64_t v) { return v == 6 && f <= 2; };
  const auto tgb = [](std::int64_t f, std::int64_t v) { return v == 6 && f >= 2; };
  expect_reach("spatial", small(true, false, false), 0, sg);
  expect_reach("forward", small(false, true, false), 0, tgf);
  expect_reach("backward", small(false, false, true), 0, tgb);
  expect_reach("none", small(false, false, false), 0, [](auto f, auto v) { return f == 2 && v == 6; });
  expect_reach("all", small(), 0, [&](auto f, auto v) { return sg(f, v) || tgf(f, v) || tgb(f, v); });
}

TEST(StgmBlock, SpatialDirectionAndOrder) {
  const std::int64_t here = place(6);
  StgmBlockConfig config = small(true, false, false);
  expect_reach("alternate, odd", config, 1, [&](auto f, auto v) { return f == 2 && place(v) >= here; });
  config.spatial_direction = "forward";
  expect_reach("forward, odd", config, 1, [&](auto f, auto v) { return f == 2 && place(v) <= here; });
  config.spatial_direction = "both";
  expect_reach("both", config, 0, [](auto f, auto) { return f == 2; });
  config.spatial_direction = "forward";
  config.joint_order = "openpose";
  expect_reach("openpose", config, 0, [](auto f, auto v) { return f == 2 && v <= 6; });
}

TEST(StgmBlock, FlattenedTimeGoesThroughEveryNode) {
  const std::int64_t here = place(6);
  StgmBlockConfig config = small(false, true, false);
  config.temporal_scan = "flattened";
  expect_reach("forward", config, 0, [&](auto f, auto v) { return f < 2 || (f == 2 && place(v) <= here); });
  config = small(false, false, true);
  config.temporal_scan = "flattened";
  expect_reach("backward", config, 0, [&](auto f, auto v) { return f > 2 || (f == 2 && place(v) >= here); });
}

TEST(StgmBlock, GradientsOfEveryInputAndParameter) {
  StgmBlockConfig each = small();
  each.mlp = 2;
  each.gate = "per_branch";
  each.out_mlp = "per_branch";
  StgmBlockConfig flat = small();
  flat.temporal_scan = "flattened";
  flat.spatial_direction = "both";
  flat.residual = false;
  for (const StgmBlockConfig& config : {small(), each, flat, small(false, false, false)}) {
    torch::manual_seed(4);
    StgmBlock block(config, 1);
    block->to(torch::kDouble);
    const Tensor z = torch::randn({1, 2, kV, config.d}, torch::kDouble).requires_grad_();
    std::vector<std::pair<std::string, Tensor>> xs = {{"z", z}};
    for (auto& entry : block->named_parameters()) {
      xs.emplace_back(entry.key(), entry.value());
    }
    test::gradcheck_along([&] { return block->forward(z); }, xs, 1);
  }
}

std::set<std::string> modules_of(const StgmBlockConfig& config) {
  std::set<std::string> names;
  for (const auto& entry : StgmBlock(config, 0)->named_parameters()) {
    names.insert(entry.key());
  }
  return names;
}

TEST(StgmBlock, ParametersHaveTheirFixedNames) {
  using testing::IsSupersetOf;
  const std::set<std::string> plain = modules_of(small(false, false, false));
  EXPECT_EQ(plain, (std::set<std::string>{"norm.weight", "norm.bias", "in_mlp.0.weight", "in_mlp.0.bias",
                                          "gate_mlp.0.weight", "gate_mlp.0.bias", "graph_conv.weight",
                                          "graph_conv.edge_importance", "graph_conv.bias", "plain_norm.weight",
                                          "plain_norm.bias", "out_mlp.weight", "out_mlp.bias"}));
  EXPECT_THAT(modules_of(small()),
              IsSupersetOf({"spatial.x_proj.weight", "forward.dt_proj.weight", "backward.dt_proj.bias", "spatial.A_log",
                            "forward.D", "spatial_norm.weight", "forward_norm.bias", "backward_norm.weight"}));
  EXPECT_EQ(modules_of(small()).size(), plain.size() - 2 + 3 * (5 + 2));
  StgmBlockConfig config = small();
  config.mlp = 2;
  config.gate = "per_branch";
  config.out_mlp = "per_branch";
  config.graph.temporal_kernel = 3;
  EXPECT_THAT(modules_of(config),
              IsSupersetOf({"in_mlp.2.weight", "gate_mlp_spatial.0.weight", "gate_mlp_forward.2.bias",
                            "gate_mlp_backward.0.bias", "out_mlp_spatial.weight", "out_mlp_forward.bias",
                            "out_mlp_backward.weight", "graph_conv.temporal"}));
  EXPECT_EQ(modules_of(config).count("gate_mlp.0.weight") + modules_of(config).count("out_mlp.weight"), 0U);
}

TEST(StgmBlock, HasTheCountsOfTheDesign) {
  const auto count = [](bool spatial, bool forward, bool backward) {
    StgmBlockConfig config;
    config.spatial = spatial;
    config.forward = forward;
    config.backward = backward;
    std::int64_t total = 0;
    for (const Tensor& p : StgmBlock(config, 0)->parameters()) {
      total += p.numel();
    }
    return total;
  };
  const std::int64_t plain = count(false, false, false);
  EXPECT_EQ(plain, 26764);
  const std::int64_t norm = 2 * 128;  // plain_norm goes, one norm a branch comes
  EXPECT_EQ(count(true, false, false), plain + 7424);
  EXPECT_EQ(count(false, true, true), plain + 2 * 7424 + norm);
  EXPECT_EQ(count(true, true, true), plain + 3 * 7424 + 2 * norm);
}

TEST(StgmBlock, TheScansBackendIsChosenInTheConfig) {
  const auto backend_of = [](const std::string& yaml) {
    const config::Document document = config::Document::parse(yaml, "model.yaml");
    StgmBlockConfig config;
    read(document.root(), config);
    return config.backend;
  };
  EXPECT_EQ(backend_of("d: 4"), "auto");
  for (const char* name : {"reference", "cpu", "cuda", "auto"}) {
    EXPECT_EQ(backend_of(std::string("scan: {backend: ") + name + "}"), name);
  }
  EXPECT_THAT(test::error_of([&] { backend_of("scan: {backend: cpi}"); }), testing::HasSubstr("cpu"));
  // The same numbers from both, up to rounding; the reference is called under its own name only.
  static int calls = 0;
  static ops::ScanCall original = nullptr;
  original = ops::replace_reference([](const Tensor& u, const std::vector<ops::ScanBranch>& branches) {
    ++calls;
    return original(u, branches);
  });
  const Tensor z = torch::randn({2, kF, kV, 3});
  std::vector<Tensor> outputs;
  for (const char* name : {"reference", "cpu"}) {
    torch::manual_seed(4);
    StgmBlockConfig config = small();
    config.backend = name;
    outputs.push_back(StgmBlock(config, 0)->forward(z));
    EXPECT_EQ(calls, 1) << name;
  }
  ops::replace_reference(original);
  EXPECT_TRUE(torch::allclose(outputs[0], outputs[1], 1e-5, 1e-5));
}

}  // namespace
}  // namespace stgmamba::nn
