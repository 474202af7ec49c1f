// SPDX-License-Identifier: MIT
// The skeleton-to-video networks against the original modules of vid2vid and pix2pixHD
// (tests/golden/make_golden_image.py): weights are formulas of their names, so equal images also prove equal names.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/losses/image.hpp"
#include "stgmamba/models/patch_discriminator.hpp"
#include "stgmamba/models/pix2pixhd/generators.hpp"
#include "stgmamba/models/vgg19.hpp"
#include "stgmamba/models/vid2vid/generators.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/error_between.hpp"
#include "support/golden_formula.hpp"

namespace stgmamba::models {
namespace {

using test::formula;
using torch::Tensor;
constexpr std::int64_t kH = 16, kW = 24;

void fill(torch::nn::Module& module) {
  module.to(torch::kDouble);
  test::fill(module);
}

/// One number a call, so that a case below is a line.
class ImageGolden : public testing::Test {
 protected:
  void expect(const std::string& name, const Tensor& got) {
    const io::Array& array = golden_.tensors.at(name);
    ASSERT_EQ(got.sizes().vec(), array.shape) << name;
    const std::vector<float> values = io::to_float(array);
    const Tensor wanted = torch::tensor(values, torch::kDouble).reshape(array.shape);
    EXPECT_LT(test::error_between(got.detach(), wanted), 1e-6) << name;
  }
  io::Safetensors golden_ = io::read_safetensors(STG_SOURCE_DIR "/tests/golden/image.safetensors");
};

Vid2VidConfig small_vid2vid(bool flow, const char* norm) {
  Vid2VidConfig config;
  config.network = {.ngf = 4, .downs = 2, .blocks = 3, .flow = flow, .norm = norm};
  return config;
}

Tensor pose(std::int64_t samples) {
  return formula("pose", {samples, 9, kH, kW}).unflatten(1, {3, 3});  // [B, 3, 3, H, W]
}
Tensor image(std::int64_t samples) {
  return formula("image", {samples, 6, kH, kW}).unflatten(1, {2, 3});  // [B, 2, 3, H, W]
}

TEST_F(ImageGolden, CompositeGenerator) {
  Vid2Vid plain(small_vid2vid(false, "instance_affine"));
  fill(plain);
  expect("composite.final", plain.step(pose(1), image(1)).final);
  Vid2Vid flow(small_vid2vid(true, "instance_affine"));
  fill(flow);
  const CompositeOutput out = flow.step(pose(1), image(1));
  expect("composite_flow.final", out.final);
  expect("composite_flow.raw", out.raw);
  expect("composite_flow.flow", out.flow);
  expect("composite_flow.weight", out.weight);
  EXPECT_TRUE(torch::equal(flow.step(pose(1), image(1), true).final, out.raw));
  Vid2Vid batch(small_vid2vid(true, "batch"));
  fill(batch);
  expect("composite_batch.final", batch.step(pose(2), image(2)).final);
}

TEST_F(ImageGolden, GlobalGeneratorAndLocalEnhancer) {
  Pix2pixHdConfig config{.ngf = 4, .downs = 2, .blocks = 2};
  const auto global = make_pix2pixhd(config);
  fill(*global);
  const Tensor x = formula("x", {2, 6, kH, kW});
  expect("global.final", global->forward(x));
  config.ngf = 6;
  config.enhancer_blocks = 2;
  const auto local = make_pix2pixhd(config);
  fill(*local);
  expect("local.final", local->forward(x));
}

TEST_F(ImageGolden, DiscriminatorsAndTheirLosses) {
  PatchDiscriminator vid2vid({.channels = 5, .ndf = 4, .layers = 3, .scales = 2, .widen_coarse = true});
  PatchDiscriminator pix2pixhd({.channels = 5, .ndf = 4, .layers = 2, .scales = 3, .norm = "instance"});
  for (auto& [name, network] : {std::pair{"patch_vid2vid", &vid2vid}, std::pair{"patch_pix2pixhd", &pix2pixhd}}) {
    fill(*network);
    const ScaleFeatures features = network->forward(formula("real", {1, 5, kH, kW}));
    const ScaleFeatures fakes = network->forward(formula("fake", {1, 5, kH, kW}));
    for (std::size_t scale = 0; scale < features.size(); ++scale) {
      for (std::size_t stage = 0; stage < features[scale].size(); ++stage) {
        expect(fmt::format("{}.{}.{}", name, scale, stage), features[scale][stage]);
      }
    }
    expect(fmt::format("{}.gan", name), losses::image_generator_loss(fakes).reshape({1}));
    expect(fmt::format("{}.features", name), losses::image_feature_loss(fakes, features).reshape({1}));
    const double real = io::to_float(golden_.tensors.at(fmt::format("{}.real", name)))[0];
    const double fake = io::to_float(golden_.tensors.at(fmt::format("{}.fake", name)))[0];
    EXPECT_NEAR(losses::image_discriminator_loss(features, fakes).item<double>(), 0.5 * (real + fake), 1e-6);
  }
}

TEST_F(ImageGolden, Vgg19AndItsLoss) {
  Vgg19 network;
  EXPECT_EQ(weights::parameter_count(network), 12944960);
  fill(network);
  const auto real = network.forward(formula("real", {1, 3, 16, 32}));
  const auto fake = network.forward(formula("fake", {1, 3, 16, 32}));
  const int indices[] = {1, 6, 11, 20, 29};
  for (std::size_t i = 0; i < 5; ++i) {
    expect(fmt::format("vgg19.real.{}.mean", indices[i]), real[i].mean().reshape({1}));
    expect(fmt::format("vgg19.fake.{}.mean", indices[i]), fake[i].mean().reshape({1}));
  }
  expect("vgg19.real.29", real[4]);
  expect("vgg19.loss", losses::vgg_loss(fake, real).reshape({1}));
}

}  // namespace
}  // namespace stgmamba::models
