// SPDX-License-Identifier: MIT
#include "stgmamba/infer/long_song.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "stgmamba/infer/hearing.hpp"

#include "infer/toy_generator.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using infer::LongSongOptions;

media::Audio song(double seconds) {
  media::Audio audio;
  audio.samples.resize(static_cast<std::size_t>(seconds * 16000.0));
  for (std::size_t i = 0; i < audio.samples.size(); ++i) {
    const double t = static_cast<double>(i) / 16000.0;
    audio.samples[i] = static_cast<float>((0.5 + 0.4 * std::sin(0.7 * t)) * std::sin(2.0 * M_PI * 220.0 * t));
  }
  return audio;
}

/// Poses of a stream that is fed in pieces of `piece` samples.
std::vector<float> streamed(const infer::MotionModel& model, const media::Audio& audio, std::size_t piece) {
  infer::MotionStream stream(model, {});
  std::vector<float> poses;
  const std::span<const float> all(audio.samples);
  for (std::size_t at = 0; at < all.size(); at += piece) {
    const infer::PoseBlock block = stream.push(all.subspan(at, std::min(piece, all.size() - at)));
    poses.insert(poses.end(), block[0].begin(), block[0].end());
  }
  const infer::PoseBlock rest = stream.finish();
  poses.insert(poses.end(), rest[0].begin(), rest[0].end());
  return poses;
}

TEST(LongSong, EveryLengthGivesEveryFrame) {
  const infer::MotionModel model = toy_model();
  for (const double seconds : {0.01, 0.1, 1.23, 4.9, 5.0, 5.01, 7.5, 7.51, 10.0, 12.4, 31.7}) {
    const infer::Dance dance = infer::generate_motion(model, song(seconds), {});
    EXPECT_EQ(dance.variants.at(0).frames(), static_cast<std::int64_t>(std::ceil(seconds * 10.0 - 1e-9))) << seconds;
    for (const float value : dance.variants[0].xy) {
      ASSERT_TRUE(std::isfinite(value)) << seconds;
    }
  }
}

TEST(LongSong, StreamingEqualsOfflineBitForBit) {
  const infer::MotionModel model = toy_model();
  const media::Audio audio = song(23.37);
  const infer::Dance offline = infer::generate_motion(model, audio, {});
  for (const std::size_t piece : {std::size_t{1601}, std::size_t{777}, std::size_t{100'000}, std::size_t{1'000'000}}) {
    const std::vector<float> poses = skeleton::denormalise(streamed(model, audio, piece));
    ASSERT_EQ(poses.size(), offline.variants[0].xy.size()) << piece;
    EXPECT_EQ(poses, offline.variants[0].xy) << piece;
  }
}

TEST(LongSong, ModelsThatHearFeaturesStreamAsWell) {
  const infer::MotionModel model = toy_model("mel_onset_beat");
  const media::Audio audio = song(34.2);  // longer than what is remembered
  const infer::Dance offline = infer::generate_motion(model, audio, {});
  EXPECT_EQ(offline.variants[0].frames(), 342);
  for (const std::size_t piece : {std::size_t{7777}, std::size_t{1'000'000}}) {
    EXPECT_EQ(skeleton::denormalise(streamed(model, audio, piece)), offline.variants[0].xy) << piece;
  }
  LongSongOptions whole;
  whole.whole_song = true;
  EXPECT_EQ(infer::generate_motion(model, audio, whole).variants[0].frames(), 342);
}

TEST(Hearing, FeaturesOfAWindowAreThoseOfTheWholeSong) {
  const media::Audio audio = song(12.0);
  const music::FeatureTrack track = music::analyse_track(audio);
  const std::vector<float> all = music::cut_features(track, 0.0, 0.1, 120);
  const std::vector<float> sound(audio.samples.begin() + 16000, audio.samples.begin() + 10 * 16000);  // 1 s to 10 s
  const at::Tensor heard = infer::hear({"mel_onset_beat"}, sound, 4 * 16000);
  ASSERT_EQ(heard.sizes(), (std::vector<std::int64_t>{1, 50, music::kFeatureSize}));
  const at::Tensor expected = torch::tensor(all).view({1, 120, music::kFeatureSize}).slice(1, 50, 100);
  using torch::indexing::Slice;
  const at::Tensor apart = (heard - expected).abs().index({0, Slice(0, 49), Slice(0, music::kFeatureBands + 5)});
  EXPECT_LT(apart.max().item<double>(), 1e-5);  // its last frame looks beyond the window
  const at::Tensor samples = infer::hear({}, sound, 4 * 16000);
  ASSERT_EQ(samples.sizes(), (std::vector<std::int64_t>{1, 50, 1600}));
  EXPECT_EQ(samples[0][3][7].item<float>(), audio.samples[5 * 16000 + 3 * 1600 + 7]);
}

TEST(LongSong, WindowsKeepTheirMiddleAndFadeIntoEachOther) {
  const infer::MotionModel model = toy_model();
  const media::Audio audio = song(12.5);
  const std::vector<float> poses = streamed(model, audio, 16000);
  // The second window alone: frames 25 to 74.
  const at::Tensor sound =
      torch::tensor(std::vector<float>(audio.samples.begin() + 25 * 1600, audio.samples.begin() + 75 * 1600))
          .view({1, 50, 1600});
  torch::NoGradGuard no_gradients;
  const at::Tensor noise = models::sample_noise({}, 1, "generate", {0}, 50);
  const at::Tensor alone = model.generator.network->forward(sound, noise).contiguous();
  const auto difference = [&](std::int64_t frame) {
    float largest = 0.0F;
    for (std::int64_t c = 0; c < 36; ++c) {
      largest = std::max(largest, std::abs(poses[static_cast<std::size_t>(frame * 36 + c)] -
                                           alone.data_ptr<float>()[(frame - 25) * 36 + c]));
    }
    return largest;
  };
  EXPECT_EQ(difference(40), 0.0F);  // past the fade around frame 37
  EXPECT_EQ(difference(59), 0.0F);  // before the one around frame 62
  EXPECT_GT(difference(30), 1e-4F);
  EXPECT_GT(difference(70), 1e-4F);
  for (std::int64_t frame = 35; frame < 39; ++frame) {
    EXPECT_GT(difference(frame), difference(frame + 1)) << frame;
  }
}

TEST(LongSong, SeamsAreListedAndMeasured) {
  const infer::MotionModel model = toy_model();
  infer::MotionStream stream(model, {});
  stream.push(song(12.5).samples);
  stream.finish();
  EXPECT_EQ(stream.seams(), (std::vector<std::int64_t>{37, 62, 87}));
  EXPECT_GT(infer::generate_motion(model, song(12.5), {}).seam_ratio, 0.0);
  EXPECT_EQ(infer::generate_motion(model, song(4.0), {}).seam_ratio, 0.0);
}

/// Walks to the right at one speed; every window is centred, as where velocities are summed.
class Walker : public ToyGenerator {
 public:
  torch::Tensor decode(const torch::Tensor& tokens, const torch::Tensor&) override {
    const std::int64_t frames = tokens.size(1);
    const torch::Tensor x = (torch::arange(frames) - static_cast<double>(frames - 1) / 2) * kStep;  // [F]
    return torch::stack({x, torch::zeros({frames})}, -1).view({1, frames, 1, 2}).repeat({tokens.size(0), 1, 18, 1});
  }
  bool centres_windows() const override { return true; }
  static constexpr double kStep = 0.004;
};

TEST(LongSong, CentredWindowsGoOnFromEachOther) {
  infer::MotionModel model = toy_model();
  model.generator.network = std::make_shared<Walker>();
  const std::vector<float> poses = streamed(model, song(60.0), 16000);
  double farthest = 0.0;
  for (std::size_t i = 36; i < poses.size(); i += 2) {
    const double step = poses[i] - poses[i - 36];
    // Up to 1.3 times the walk where windows meet; unjoined, it goes back three times as fast there.
    ASSERT_LE(step, 1.3 * Walker::kStep) << i / 36;
    ASSERT_GE(step, -Walker::kStep) << i / 36;
    farthest = std::max<double>(farthest, std::abs(poses[i]));
  }
  EXPECT_LT(farthest, 4 * 25 * Walker::kStep);  // two hops of shift, half a window of walk: in the picture
}

TEST(LongSong, SeedDecidesTheDance) {
  const infer::MotionModel model = toy_model();
  const media::Audio audio = song(9.0);
  LongSongOptions one, two;
  two.seed = 2;
  const auto a = infer::generate_motion(model, audio, one), b = infer::generate_motion(model, audio, one);
  EXPECT_EQ(a.variants[0].xy, b.variants[0].xy);
  EXPECT_NE(a.variants[0].xy, infer::generate_motion(model, audio, two).variants[0].xy);
}

TEST(LongSong, ZChangesWithThePhrase) {
  const infer::MotionModel model = toy_model();
  LongSongOptions short_phrases;
  short_phrases.phrase_windows = 1;
  const media::Audio audio = song(20.0);
  const auto usual = infer::generate_motion(model, audio, {}),
             often = infer::generate_motion(model, audio, short_phrases);
  const auto frame = [](const infer::Dance& dance, std::int64_t f) { return dance.variants[0].x(f, 0); };
  EXPECT_EQ(frame(usual, 10), frame(often, 10));  // the first phrase is the same
  EXPECT_NE(frame(usual, 50), frame(often, 50));
}

TEST(LongSong, VariantsDifferAndShareThePassOverTheMusic) {
  const infer::MotionModel model = toy_model();
  LongSongOptions options;
  options.variants = 3;
  const infer::Dance dance = infer::generate_motion(model, song(5.0), options);
  EXPECT_EQ(dynamic_cast<ToyGenerator&>(*model.generator.network).passes, 1);
  ASSERT_EQ(dance.variants.size(), 3U);
  EXPECT_GT(dance.closest, infer::kCoincide);
  EXPECT_GE(dance.spread, dance.closest);
}

TEST(LongSong, DrawsThatCoincideAreSeen) {
  infer::MotionModel model = toy_model();
  model.generator.noise.sigma = 1e-9;
  LongSongOptions options;
  options.variants = 2;
  EXPECT_LT(infer::generate_motion(model, song(5.0), options).closest, infer::kCoincide);
}

TEST(LongSong, WholeSongIsOnePass) {
  const infer::MotionModel model = toy_model();
  LongSongOptions options;
  options.whole_song = true;
  const infer::Dance dance = infer::generate_motion(model, song(12.34), options);
  EXPECT_EQ(dynamic_cast<ToyGenerator&>(*model.generator.network).passes, 1);
  EXPECT_EQ(dance.variants[0].frames(), 124);
  EXPECT_EQ(dance.seam_ratio, 0.0);
}

TEST(LongSong, NoMusicIsAnError) {
  const infer::MotionModel model = toy_model();
  EXPECT_EQ(exit_code_of([&] { infer::generate_motion(model, {}, {}); }), 4);
}

}  // namespace
}  // namespace stgmamba::test
