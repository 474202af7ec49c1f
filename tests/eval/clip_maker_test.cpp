// SPDX-License-Identifier: MIT
#include "stgmamba/eval/clip_maker.hpp"

#include <gtest/gtest.h>

#include "stgmamba/infer/hearing.hpp"
#include "stgmamba/music/features.hpp"
#include "stgmamba/util/random.hpp"

#include "eval/toy_dancer.hpp"

namespace stgmamba::test {
namespace {

/// Remembers what it was given.
class Listener : public ToyDancer {
 public:
  Listener() : ToyDancer(true) {}
  torch::Tensor encode(const torch::Tensor& audio) override {
    heard = audio.clone();
    return ToyDancer::encode(audio);
  }
  torch::Tensor heard;
};

std::vector<float> sounds(std::int64_t count) {
  util::Random random(5, "sounds");
  std::vector<float> samples(static_cast<std::size_t>(count * eval::kClipSamples));
  random.fill_normal(samples, 0.2);
  return samples;
}

TEST(ClipMaker, ModelsHearWhatTheyWereTrainedOn) {
  const std::vector<float> music = sounds(2);
  const auto listener = std::make_shared<Listener>();
  infer::MotionModel model;
  model.generator.network = listener;
  const auto clips = eval::make_clips(model, music, {3, 4}, 1, "test", 3);
  EXPECT_EQ(clips.size(), 6U);
  EXPECT_EQ(listener->heard.sizes(), (std::vector<std::int64_t>{2, 50, 1600}));
  EXPECT_EQ(listener->heard[1][0][7].item<float>(), music[static_cast<std::size_t>(eval::kClipSamples) + 7]);
  model.generator.music.features = "mel_onset_beat";
  eval::make_clips(model, music, {3, 4}, 1, "test");
  ASSERT_EQ(listener->heard.sizes(), (std::vector<std::int64_t>{2, 50, music::kFeatureSize}));
  const std::vector<float> second(music.begin() + eval::kClipSamples, music.end());
  EXPECT_TRUE(torch::equal(listener->heard[1], infer::hear(model.generator.music, second, 0)[0]));
}

}  // namespace
}  // namespace stgmamba::test
