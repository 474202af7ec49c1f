// SPDX-License-Identifier: MIT
#include "stgmamba/nn/audio_encoder.hpp"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/temp_folder.hpp"

namespace stgmamba::nn {
namespace {

using torch::Tensor;

std::set<std::string> names_of(const torch::nn::Module& module) {
  std::set<std::string> names;
  for (const auto& entry : module.named_parameters()) {
    names.insert(entry.key());
  }
  return names;
}

TEST(AudioEncoder, HasTheNamesOfMdvs) {
  const std::set<std::string> names = names_of(*AudioEncoder(AudioEncoderConfig{}));
  for (const char* name :
       {"encoder.cl.0.weight", "encoder.cl.4.bias", "encoder.activations.0.0.weight", "encoder.activations.3.0.bias",
        "rnn.weight_ih_l0", "rnn.weight_hh_l1_reverse", "fc.weight"}) {
    EXPECT_EQ(names.count(name), 1U) << name;
  }
  EXPECT_EQ(names.size(), 10U + 8U + 16U + 2U);  // convolutions, norms, GRU, fc
  const std::set<std::string> plain = names_of(*AudioEncoder(AudioEncoderConfig{.music_gru = false}));
  EXPECT_EQ(plain.size(), 10U + 8U + 2U);
  EXPECT_EQ(plain.count("rnn.weight_ih_l0"), 0U);
}

TEST(AudioEncoder, WithoutTheGruATokenHearsItsOwnPieceOnly) {
  torch::manual_seed(1);
  for (const bool music_gru : {false, true}) {
    AudioEncoder encoder(AudioEncoderConfig{.music_gru = music_gru});
    encoder->eval();  // batch statistics would couple the pieces
    const Tensor audio = torch::randn({2, 5, 1600}).requires_grad_();
    const Tensor tokens = encoder->forward(audio);
    EXPECT_EQ(tokens.sizes(), (std::vector<std::int64_t>{2, 5, 256}));
    const Tensor heard = torch::autograd::grad({tokens[1][2].sum()}, {audio})[0].abs().sum(-1) > 0;  // [B, F]
    for (std::int64_t f = 0; f < 5; ++f) {
      EXPECT_FALSE(heard[0][f].item<bool>());
      EXPECT_EQ(heard[1][f].item<bool>(), music_gru || f == 2) << music_gru << " " << f;
    }
  }
}

TEST(AudioEncoder, FeaturesTakeTheSamplesPlace) {
  torch::manual_seed(3);
  AudioEncoder encoder(AudioEncoderConfig{.features = 7});
  const std::set<std::string> names = names_of(*encoder);
  EXPECT_EQ(names.size(), 2U + 2U + 16U + 2U);  // Linear, norm, GRU, fc
  EXPECT_EQ(names.count("feature_encoder.0.weight"), 1U);
  const Tensor features = torch::randn({2, 5, 7}).requires_grad_();
  const Tensor tokens = encoder->forward(features);
  EXPECT_EQ(tokens.sizes(), (std::vector<std::int64_t>{2, 5, 256}));
  tokens.pow(2).sum().backward();
  EXPECT_TRUE((features.grad().abs().sum(0).sum(0) > 0).all().item<bool>());  // every column is heard
  EXPECT_THAT(test::error_of([&] { encoder->forward(torch::zeros({2, 3, 1600})); }), testing::HasSubstr("[B, F, 7]"));
}

TEST(AudioEncoder, TheScaleMultipliesTheSound) {
  torch::manual_seed(2);
  AudioEncoder raw(AudioEncoderConfig{.music_gru = false, .input_scale = 32768.0});
  torch::manual_seed(2);
  AudioEncoder unit(AudioEncoderConfig{.music_gru = false});
  const Tensor audio = torch::randn({2, 3, 1600}) * 0.01;
  EXPECT_TRUE(torch::equal(raw->forward(audio), unit->forward(audio * 32768.0)));
  EXPECT_THAT(test::error_of([&] { unit->forward(torch::zeros({2, 3, 800})); }), testing::HasSubstr("[B, F, 1600]"));
}

}  // namespace
}  // namespace stgmamba::nn
