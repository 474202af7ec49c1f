// SPDX-License-Identifier: MIT
#include "train/pretext.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/skeleton/layout.hpp"

namespace stgmamba::train {
namespace {

using torch::Tensor;
constexpr std::int64_t kClip = 7, kWindow = 15;

/// Frame f of joint v is at (f, v).
Tensor window() {
  const Tensor frame = torch::arange(kWindow, torch::kFloat).view({kWindow, 1}).expand({kWindow, 18});
  const Tensor joint = torch::arange(18, torch::kFloat).view({1, 18}).expand({kWindow, 18});
  return torch::stack({frame, joint}, 2).contiguous();  // [W, V, 2]
}

Tensor clip(Pretext kind, std::uint64_t sample = 3) {
  util::Random random(1, "test", sample);
  const Tensor out = pretext_clip(kind, window(), kClip, random);
  EXPECT_EQ(out.sizes(), (std::vector<std::int64_t>{kClip, 18, 2}));
  return out;
}

Tensor steps(const Tensor& clip) {
  return clip.select(1, 4).select(1, 0).diff();  // of one joint's time coordinate
}

TEST(Pretexts, DoWhatTheirNamesSay) {
  EXPECT_TRUE(steps(clip(Pretext::kNone)).eq(1).all().item<bool>());
  EXPECT_TRUE(steps(clip(Pretext::kReversed)).eq(-1).all().item<bool>());
  EXPECT_TRUE(steps(clip(Pretext::kDoubleSpeed)).eq(2).all().item<bool>());
  EXPECT_EQ(steps(clip(Pretext::kFrozen)).eq(0).sum().item<std::int64_t>(), (kClip + 1) / 2 - 1);
  const Tensor shaken = clip(Pretext::kJitter) - clip(Pretext::kNone);
  EXPECT_GT(shaken.std().item<double>(), 0.005);
  EXPECT_LT(shaken.std().item<double>(), 0.05);
}

TEST(Pretexts, SwappedLimbsKeepTheBody) {
  std::set<std::int64_t> moved_counts;
  for (std::uint64_t sample = 0; sample < 12; ++sample) {
    const Tensor joints = clip(Pretext::kLimbsSwapped, sample)[0].select(1, 1).to(torch::kLong);
    EXPECT_TRUE(torch::equal(std::get<0>(joints.sort()), torch::arange(18)));  // a permutation
    EXPECT_TRUE(torch::equal(joints.narrow(0, 0, 3), torch::arange(3)));       // head and shoulders stay
    moved_counts.insert(joints.ne(torch::arange(18)).sum().item<std::int64_t>());
  }
  EXPECT_EQ(moved_counts, (std::set<std::int64_t>{4, 8}));  // one pair of limbs, or all four
}

TEST(Pretexts, AreFunctionsOfTheirDraws) {
  for (const Pretext kind : {Pretext::kNone, Pretext::kJitter, Pretext::kFrozen, Pretext::kLimbsSwapped}) {
    EXPECT_TRUE(torch::equal(clip(kind), clip(kind)));
    bool differs = false;
    for (std::uint64_t sample = 4; sample < 12; ++sample) {
      differs |= !torch::equal(clip(kind), clip(kind, sample));
    }
    EXPECT_TRUE(differs);
  }
}

}  // namespace
}  // namespace stgmamba::train
