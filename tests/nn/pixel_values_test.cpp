// SPDX-License-Identifier: MIT
#include "stgmamba/nn/pixel_values.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace stgmamba::nn {
namespace {

TEST(PixelValues, AreRoundedNotCutOff) {
  const at::Tensor bytes = to_bytes(torch::tensor({-1.2, -1.0, -0.99607, 0.0, 0.5, 1.0, 3.0}));
  EXPECT_TRUE(torch::equal(bytes, torch::tensor({0, 0, 1, 128, 191, 255, 255}, torch::kUInt8))) << bytes;
}

TEST(PixelValues, EveryByteComesBack) {
  const at::Tensor bytes = torch::arange(256, torch::kLong).to(torch::kUInt8);
  EXPECT_TRUE(torch::equal(to_bytes(to_unit(bytes)), bytes));
  EXPECT_EQ(to_unit(bytes)[0].item<float>(), -1.0F);
  EXPECT_EQ(to_unit(bytes)[255].item<float>(), 1.0F);
}

}  // namespace
}  // namespace stgmamba::nn
