// SPDX-License-Identifier: MIT
#include "stgmamba/synth/puppet.hpp"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "stgmamba/synth/corpus.hpp"

namespace stgmamba::test {
namespace {

using media::Image;

skeleton::Motion short_dance(std::uint64_t seed) {
  synth::SongSpec spec;
  spec.seed = 4;
  spec.seconds = 5.0;
  return skeleton::resample(synth::make_dance(synth::make_score(spec), seed).motion, 10.0);
}

double difference(const Image& a, const Image& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    sum += std::abs(a.pixels[i] - b.pixels[i]);
  }
  return sum / static_cast<double>(a.pixels.size());
}

Image mirrored(const Image& image) {
  Image out = image;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        out.pixels[static_cast<std::size_t>((y * image.width + x) * 3 + c)] =
            image.pixels[static_cast<std::size_t>((y * image.width + image.width - 1 - x) * 3 + c)];
      }
    }
  }
  return out;
}

TEST(Puppets, AClipIsAFunctionOfItsSeed) {
  const skeleton::Motion dance = short_dance(3);
  const synth::PuppetClip one = synth::film_puppet(dance, 1, 5, 96), two = synth::film_puppet(dance, 1, 5, 96);
  ASSERT_EQ(std::ssize(one.frames), dance.frames());
  EXPECT_EQ(one.frames[17].pixels, two.frames[17].pixels);
  EXPECT_NE(one.frames[17].pixels, synth::film_puppet(dance, 2, 5, 96).frames[17].pixels);
}

TEST(Puppets, TheFrameHoldsTheWholeDance) {
  const skeleton::Motion dance = short_dance(8);
  const synth::PuppetClip clip = synth::film_puppet(dance, 1, 11, 80);
  for (std::size_t i = 0; i < dance.xy.size(); i += 2) {
    const double x = (dance.xy[i] - clip.left) * clip.scale, y = (dance.xy[i + 1] - clip.top) * clip.scale;
    EXPECT_TRUE(x > 2.0 && x < 78.0 && y > 2.0 && y < 78.0) << x << ", " << y;
  }
}

/// In the same pose on white, every two identities differ, and none is its own mirror image.
TEST(Puppets, IdentitiesDifferAndLeftIsUnlikeRight) {
  std::array<media::Point, 18> joints = {{{64, 28},
                                          {64, 42},
                                          {54, 43},
                                          {46, 58},
                                          {41, 72},
                                          {74, 43},
                                          {82, 58},
                                          {87, 72},
                                          {58, 72},
                                          {56, 94},
                                          {55, 115},
                                          {70, 72},
                                          {72, 94},
                                          {73, 115},
                                          {62, 26},
                                          {66, 26},
                                          {59, 27},
                                          {69, 27}}};
  for (media::Point& joint : joints) {
    joint.x -= 0.5;  // symmetric about the picture's middle
  }
  std::vector<Image> all;
  for (int identity = 0; identity < synth::kPuppets; ++identity) {
    Image picture(128, 128, {255, 255, 255});
    synth::draw_puppet(picture, joints, 60.0, skeleton::NearSide::kBoth, synth::puppet_look(1, identity));
    const double person = difference(picture, Image(128, 128, {255, 255, 255}));
    EXPECT_GT(difference(picture, mirrored(picture)), 0.06 * person) << identity;
    for (const Image& other : all) {
      EXPECT_GT(difference(picture, other), 0.06 * person) << identity;
    }
    all.push_back(std::move(picture));
  }
}

TEST(Puppets, ScenesDiffer) {
  for (int a = 0; a < synth::kBackdrops; ++a) {
    for (int b = 0; b < a; ++b) {
      EXPECT_GT(difference(synth::backdrop(1, a, 64, 48), synth::backdrop(1, b, 64, 48)), 8.0) << a << " and " << b;
    }
  }
}

TEST(Puppets, TheVideoPresetIsSplitByIdentity) {
  const auto takes = synth::corpus(synth::Preset::kVideo, 7);
  ASSERT_EQ(takes.size(), 40U);
  std::set<int> seen;
  for (const synth::TakeSpec& take : takes) {
    EXPECT_TRUE(seen.insert(take.puppet).second) << take.id;
    EXPECT_EQ(take.split == "test", take.puppet >= synth::kPuppets - synth::kHeldOutPuppets) << take.id;
    EXPECT_EQ(take.source, synth::puppet_name(take.puppet));
    EXPECT_EQ(take.song_spec.seconds, 5.0);
  }
  EXPECT_EQ(synth::corpus(synth::Preset::kTiny, 7).front().puppet, -1);
}

}  // namespace
}  // namespace stgmamba::test
