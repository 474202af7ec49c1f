// SPDX-License-Identifier: MIT
// Values and all gradients against an independent PyTorch twin (tests/golden/make_golden.py), in float64 and float32.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/models/pose_generator.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/golden_formula.hpp"

namespace stgmamba::models {
namespace {

using test::fill;
using test::formula;
using torch::Tensor;
constexpr std::int64_t kB = 2, kF = 7;

/// The case's options, from the file's metadata, as the `model:` section they describe.
std::string model_yaml(const std::map<std::string, std::string>& o) {
  if (o.at("method") == "mdvs") {
    return fmt::format("model: {{name: mdvs, width: {}, dropout: 0, noise: {{mode: frame}}}}", o.at("width"));
  }
  return fmt::format(
      "model: {{name: stg_mamba, d: {}, expand: {}, d_state: {}, blocks: {}, mlp: {}, gate: {}, spatial: {}, forward: "
      "{}, "
      "backward: {}, spatial_direction: {}, joint_order: {}, temporal_scan: {}, out_mlp: {}, residual: {}, "
      "audio_scale: {}, "
      "music_gru: {}, graph: {{weights: {}, partition: {}, temporal_kernel: {}}}, head: {{concat: {}}}}}",
      o.at("d"), o.at("expand"), o.at("d_state"), o.at("blocks"), o.at("mlp"), o.at("gate"), o.at("spatial"),
      o.at("forward"), o.at("backward"), o.at("spatial_direction"), o.at("joint_order"), o.at("temporal_scan"),
      o.at("out_mlp"), o.at("residual"), o.at("audio_scale"), o.at("music_gru"), o.at("weights"), o.at("partition"),
      o.at("temporal_kernel"), o.at("concat"));
}

class Golden : public testing::TestWithParam<std::string> {};

void expect_equal_to_twin(const io::Safetensors& golden, at::ScalarType dtype, double tolerance) {
  const auto document = config::Document::parse(model_yaml(golden.metadata), "golden");
  GeneratorHandle model = make_generator(document.root().section("model"), 1);
  document.finish();
  model.network->to(torch::kDouble);
  fill(*model.network);
  model.network->to(dtype);
  model.network->train();
  EXPECT_EQ(std::to_string(weights::parameter_count(*model.network)), golden.metadata.at("parameters"));

  const Tensor audio =
      formula("audio", {kB, kF, 1600}, 0.0, 0.5) * (1 + formula("audio.envelope", {kB, kF, 1}, 0.0, 0.5));
  const Tensor noise = formula("noise", {kB, kF, 10}, 0.0, 0.33);
  const Tensor output = model.network->forward(audio.to(dtype), noise.to(dtype));
  (output * formula("probe", output.sizes(), 0.0, 1.0).to(dtype)).sum().backward();
  const auto expected = [&](const std::string& name) { return weights::to_tensor(golden.tensors.at(name)); };
  const auto own_error = [&](const std::string& name) {
    return dtype == torch::kFloat ? 8 * expected("err32." + name).item<double>() : 0.0;
  };
  EXPECT_LT((output.to(torch::kDouble) - expected("output")).abs().max().item<double>(),
            tolerance + own_error("output"));

  std::size_t compared = 0;
  for (const auto& entry : model.network->named_parameters()) {
    const std::string& name = entry.key();
    ASSERT_TRUE(golden.tensors.count("grad." + name)) << "the twin has no parameter " << name;
    ASSERT_TRUE(entry.value().grad().defined()) << name;
    const Tensor grad = entry.value().grad().to(torch::kDouble).reshape({-1});
    const double norm = expected("norm." + name).item<double>();
    const double allowed = 20 * tolerance * (norm + 1e-3) + own_error(name);
    EXPECT_NEAR(grad.norm().item<double>(), norm, allowed) << name;
    const Tensor picked = grad.index_select(0, expected("pick." + name).to(torch::kLong));
    EXPECT_LT((picked - expected("grad." + name)).abs().max().item<double>(), allowed) << name;
    ++compared;
  }
  EXPECT_EQ(compared * 4 + 2, golden.tensors.size());  // grad, pick, norm and err32 of each; the output and its err32
}

TEST_P(Golden, EqualsTheTwinInFloat64) {
  expect_equal_to_twin(io::read_safetensors(STG_SOURCE_DIR "/tests/golden/" + GetParam() + ".safetensors"),
                       torch::kDouble, 1e-10);
}

TEST_P(Golden, EqualsTheTwinInFloat32) {
  expect_equal_to_twin(io::read_safetensors(STG_SOURCE_DIR "/tests/golden/" + GetParam() + ".safetensors"),
                       torch::kFloat, 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden,
                         testing::Values("s1_0", "s1_0g", "s1_1", "s1_2", "s1_3", "s1_4", "s1_5", "s1_6",
                                         "mlp_gate_out", "dense_uniform", "stgcn_temporal", "flattened_both",
                                         "head_blocks", "int16"),
                         [](const auto& chosen) { return chosen.param; });

}  // namespace
}  // namespace stgmamba::models
