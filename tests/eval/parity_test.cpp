// SPDX-License-Identifier: MIT
#include "stgmamba/eval/parity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

namespace fs = std::filesystem;

models::GeneratorHandle small_generator(std::uint64_t seed) {
  const auto document = config::Document::parse("model: {name: stg_mamba, d: 8, blocks: 1}", "test");
  return models::make_generator(document.root().section("model"), seed);
}

eval::ParityOptions small_options(bool float64) {
  eval::ParityOptions options;
  options.frames = 6;
  options.float64 = float64;
  options.config_text = "model: {}\n";
  return options;
}

at::Tensor tensor_of(const fs::path& file, const std::string& name) {
  return weights::to_tensor(io::read_safetensors(file).tensors.at(name));
}

/// Does what the bundle's README asks for, with a network of ours as the twin; `spoil` changes one output.
void answer(const fs::path& bundle, double spoil, bool rename) {
  auto twin = small_generator(99);  // other weights until the bundle's are loaded
  twin.network->to(tensor_of(bundle / "inputs.safetensors", "audio").scalar_type());
  twin.network->eval();
  weights::load_module(bundle / "weights.safetensors", *twin.network);
  const at::Tensor output = twin.network->forward(tensor_of(bundle / "inputs.safetensors", "audio"),
                                                  tensor_of(bundle / "inputs.safetensors", "z"));
  output.abs().mean().backward();
  io::Safetensors theirs;
  at::Tensor given = output.detach().contiguous().clone();
  given.view(-1)[5] += spoil;
  theirs.tensors.emplace("output", weights::to_array(given));
  for (const auto& parameter : twin.network->named_parameters()) {
    const at::Tensor& grad = parameter.value().grad();
    theirs.tensors.emplace((rename ? "gradient." : "grad.") + parameter.key(),
                           weights::to_array(grad.defined() ? grad : torch::zeros_like(parameter.value())));
  }
  io::write_safetensors(bundle / "outputs_theirs.safetensors", theirs);
}

TEST(Parity, ATwinThatLoadsTheWeightsAgrees) {
  for (const bool float64 : {false, true}) {
    const TempFolder folder;
    const auto generator = small_generator(4);
    eval::write_parity_bundle(folder / "bundle", generator, small_options(float64));
    answer(folder / "bundle", 0.0, false);
    const eval::ParityReport report = eval::check_parity_bundle(folder / "bundle");
    EXPECT_TRUE(report.agrees(1e-6));
    EXPECT_EQ(report.rows.size(), 1 + generator.network->parameters().size());
    EXPECT_EQ(report.not_given, 4);  // tokens, loss, gradients of audio and z
  }
}

TEST(Parity, ADifferenceIsFound) {
  const TempFolder folder;
  eval::write_parity_bundle(folder / "bundle", small_generator(4), small_options(true));
  answer(folder / "bundle", 0.01, false);
  const eval::ParityReport report = eval::check_parity_bundle(folder / "bundle");
  EXPECT_FALSE(report.agrees(1e-4));
  EXPECT_EQ(report.rows.at(0).name, "output");
  EXPECT_NEAR(report.rows.at(0).largest, 0.01, 1e-9);
}

TEST(Parity, AMisspeltNameDoesNotPass) {
  const TempFolder folder;
  eval::write_parity_bundle(folder / "bundle", small_generator(4), small_options(true));
  answer(folder / "bundle", 0.0, true);
  EXPECT_FALSE(eval::check_parity_bundle(folder / "bundle").agrees(1.0));
}

TEST(Parity, GradientsReachEveryPart) {
  const TempFolder folder;
  eval::write_parity_bundle(folder / "bundle", small_generator(4), small_options(true));
  const auto gradients = io::read_safetensors(folder / "bundle/gradients.safetensors").tensors;
  for (const char* name : {"audio", "z"}) {
    EXPECT_GT(weights::to_tensor(gradients.at(name)).abs().max().item<double>(), 0.0) << name;
  }
  EXPECT_THAT(util::read_text(folder / "bundle/README.md"), ::testing::HasSubstr("stg_mamba"));
}

TEST(Parity, MissingFilesAreNamed) {
  const TempFolder folder;
  EXPECT_EQ(exit_code_of([&] { eval::check_parity_bundle(folder.path()); }), 5);
  eval::write_parity_bundle(folder / "bundle", small_generator(4), small_options(false));
  EXPECT_THAT(error_of([&] { eval::check_parity_bundle(folder / "bundle"); }),
              ::testing::HasSubstr("outputs_theirs.safetensors"));
  EXPECT_EQ(
      exit_code_of([&] { eval::write_parity_bundle(folder / "bundle", small_generator(4), small_options(true)); }), 7);
}

}  // namespace
}  // namespace stgmamba::test
