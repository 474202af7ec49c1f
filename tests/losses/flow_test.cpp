// SPDX-License-Identifier: MIT
#include "stgmamba/losses/flow.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/temp_folder.hpp"

namespace stgmamba::losses {
namespace {

using torch::Tensor;

/// A picture, and the same picture two columns further right: its flow back is (-2, 0).
struct Pan {
  Tensor previous = torch::rand({1, 3, 6, 9}, torch::kDouble);
  Tensor current = previous.roll(2, 3);
  Tensor flow = torch::zeros({1, 2, 6, 9}, torch::kDouble);
  Pan() { flow.select(1, 0).fill_(-2); }
};

TEST(FlowLoss, TheTeacherIsTrustedWhereItExplainsTheFrame) {
  torch::manual_seed(2);
  Pan pan;
  Tensor trusted = flow_confidence(pan.current, pan.previous, pan.flow);
  EXPECT_EQ(trusted.sizes(), (std::vector<std::int64_t>{1, 1, 6, 9}));
  EXPECT_EQ(trusted.narrow(3, 2, 7).min().item<double>(), 1.0);   // seen before
  EXPECT_LT(trusted.narrow(3, 0, 2).mean().item<double>(), 0.5);  // came in from outside
  pan.current.select(1, 1)[0][3][5] += 0.15;                      // 0.0225 off in one channel
  EXPECT_EQ(flow_confidence(pan.current, pan.previous, pan.flow)[0][0][3][5].item<double>(), 0.0);
  pan.current.select(1, 1)[0][3][5] -= 0.02;  // 0.0169
  EXPECT_EQ(flow_confidence(pan.current, pan.previous, pan.flow)[0][0][3][5].item<double>(), 1.0);
}

TEST(FlowLoss, ThereAndBackMustEndNearby) {
  const Pan pan;
  Tensor back = -pan.flow.clone();
  back.select(1, 1)[0].select(1, 4).fill_(1.2);  // column 4 of the previous frame goes astray: allowed are 1.1 pixels
  const Tensor trusted = flow_confidence(pan.current, pan.previous, pan.flow, back);
  EXPECT_EQ(trusted.select(3, 6).max().item<double>(), 0.0);
  EXPECT_EQ(trusted.select(3, 5).min().item<double>(), 1.0);
  back.select(1, 1)[0].select(1, 4).fill_(1.05);
  EXPECT_EQ(flow_confidence(pan.current, pan.previous, pan.flow, back).select(3, 6).min().item<double>(), 1.0);
}

TEST(FlowLoss, TheMeanCountsMaskedPixels) {
  const Tensor a = torch::full({1, 2, 2, 2}, 3.0), b = torch::ones({1, 2, 2, 2});
  Tensor mask = torch::zeros({1, 1, 2, 2});
  mask[0][0][1][0] = 1;
  EXPECT_DOUBLE_EQ(masked_l1(a, b, mask).item<double>(), 2.0 / 4);
  EXPECT_EQ(test::exit_code_of([&] { masked_l1(a, b, mask.squeeze(1)); }), 1);
}

TEST(FlowLoss, OnlyTheNewFrameIsMoved) {
  const Pan pan;
  Tensor current = pan.current.clone().requires_grad_(), previous = pan.previous.clone().requires_grad_();
  const Tensor trusted = flow_confidence(pan.current, pan.previous, pan.flow);
  EXPECT_NEAR(warp_loss(pan.current, pan.previous, pan.flow, trusted).item<double>(), 0.0, 0.02);
  warp_loss(current + 0.1, previous, pan.flow, trusted).backward();
  EXPECT_TRUE(current.grad().defined());
  EXPECT_FALSE(previous.grad().defined());
}

}  // namespace
}  // namespace stgmamba::losses
