// SPDX-License-Identifier: MIT
// Files as the original projects publish them (DataParallel's prefix, statistics that other norms keep, entries that
// old versions lack) load through the built-in name maps, and ours carry the originals' names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/pth.hpp"
#include "stgmamba/models/mdvs/generator.hpp"
#include "stgmamba/models/vgg19.hpp"
#include "stgmamba/models/vid2vid/generators.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::models {
namespace {

using weights::Fit;
using weights::NameMap;

/// The network's tensors with `prefix`, without what ends with `without`.
void publish(const std::filesystem::path& path, const torch::nn::Module& network, const std::string& prefix,
             const std::string& without) {
  weights::Arrays arrays;
  for (const auto& [name, tensor] : weights::named_tensors(network)) {
    if (without.empty() || !name.ends_with(without)) {
      arrays.emplace(prefix + name, weights::to_array(tensor));
    }
  }
  io::write_pth(path, arrays);
}

bool same(const torch::nn::Module& a, const torch::nn::Module& b) {
  const auto theirs = weights::named_tensors(b);
  for (const auto& [name, tensor] : weights::named_tensors(a)) {
    if (theirs.count(name) != 0 && !torch::equal(tensor, theirs.at(name))) {
      return false;
    }
  }
  return true;
}

TEST(PublishedWeights, MdvsGeneratorOfAnOldPyTorchOnSeveralGpus) {
  const test::TempFolder folder;
  const MdvsConfig config{.width = 24};
  torch::manual_seed(1);
  const MdvsGenerator theirs(config);
  MdvsGenerator ours(config);
  publish(folder / "generator_399.pth", theirs, "module.", "num_batches_tracked");
  ASSERT_FALSE(same(theirs, ours));
  EXPECT_EQ(test::exit_code_of([&] { weights::load_module(folder / "generator_399.pth", ours); }), 5);
  const auto match = weights::load_module(folder / "generator_399.pth", ours, {NameMap::load("mdvs"), {}});
  EXPECT_TRUE(same(theirs, ours));
  EXPECT_EQ(match.count(Fit::kMatched), 68U + 2 * 10);  // parameters, and two statistics of each of ten norms
  EXPECT_EQ(match.count(Fit::kLeft), 10U);              // their counters
}

TEST(PublishedWeights, BatchNormOfVid2VidBecomesInstanceNorm) {
  const test::TempFolder folder;
  Vid2VidConfig config;
  config.network = {.ngf = 4, .downs = 2, .blocks = 3, .norm = "batch"};
  torch::manual_seed(1);
  const Vid2Vid theirs(config);
  config.network.norm = "instance_affine";
  Vid2Vid ours(config);
  publish(folder / "latest_net_G0.pth", theirs, "module.", "");
  const auto match = weights::load_module(folder / "latest_net_G0.pth", ours, {NameMap::load("vid2vid"), {}});
  EXPECT_TRUE(same(theirs, ours));
  EXPECT_GT(match.count(Fit::kSpare), 0U);
  EXPECT_EQ(match.count(Fit::kLeft), 0U);
}

TEST(PublishedWeights, TorchvisionsVgg19WithItsHead) {
  const test::TempFolder folder;
  Vgg19 theirs, ours;
  weights::Arrays arrays;
  for (const auto& [name, tensor] : weights::named_tensors(theirs)) {
    arrays.emplace(name, weights::to_array(tensor));
  }
  for (const char* name : {"features.30.weight", "features.34.bias", "classifier.0.weight"}) {
    arrays.emplace(name, weights::to_array(torch::zeros({2})));
  }
  const auto match = weights::load_named(arrays, ours, "vgg19-dcbb9e9d.pth", {NameMap::load("vgg19"), {}});
  EXPECT_TRUE(same(theirs, ours));
  EXPECT_EQ(match.count(Fit::kMatched), 26U);
  EXPECT_EQ(match.count(Fit::kSpare), 3U);
}

TEST(PublishedWeights, OursCarryTheOriginalsNames) {
  const auto names = weights::named_tensors(MdvsGenerator({.width = 24}));
  for (const char* name :
       {"audio_encoder.encoder.cl.0.weight", "audio_encoder.encoder.activations.3.0.running_var",
        "audio_encoder.rnn.weight_hh_l1_reverse", "audio_encoder.fc.bias", "pose_generator.rnn_noise.weight_ih_l0",
        "pose_generator.layer3.layer.4.weight", "pose_generator.final_linear.weight"}) {
    EXPECT_EQ(names.count(name), 1U) << name;
  }
}

}  // namespace
}  // namespace stgmamba::models
