// SPDX-License-Identifier: MIT
// What tests/models/image_golden_test.cpp, which compares whole networks with the originals, does not reach.
#include "stgmamba/nn/image_blocks.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/error_between.hpp"
#include "support/gradcheck_along.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::nn {
namespace {

using torch::Tensor;

TEST(ImageBlocks, WarpFollowsTheFlow) {
  const Tensor image = torch::rand({2, 3, 7, 9}, torch::kDouble);
  Tensor flow = torch::zeros({2, 2, 7, 9}, torch::kDouble);
  EXPECT_LT(test::error_between(warp(image, flow), image), 1e-12);
  flow.select(1, 0).fill_(2);   // a pixel was two columns to the right
  flow.select(1, 1).fill_(-1);  // and one row up
  const Tensor moved = warp(image, flow);
  EXPECT_LT(test::error_between(moved.slice(2, 1, 7).slice(3, 0, 7), image.slice(2, 0, 6).slice(3, 2, 9)), 1e-12);
  EXPECT_LT(test::error_between(moved.slice(3, 8, 9).slice(2, 1, 7), image.slice(3, 8, 9).slice(2, 0, 6)), 1e-12);
  flow.requires_grad_();
  Tensor leaf = image.clone().requires_grad_();
  test::gradcheck_along([&] { return warp(leaf, flow * 0.3); }, {{"image", leaf}});
  EXPECT_EQ(test::exit_code_of([&] { warp(image, flow.narrow(3, 0, 5)); }), 1);
}

TEST(ImageBlocks, HalvingDoesNotCountThePadding) {
  EXPECT_TRUE(torch::allclose(halved(torch::ones({1, 2, 5, 6})), torch::ones({1, 2, 3, 3})));
}

TEST(ImageBlocks, InstanceNormKeepsChannelsLast) {
  const Tensor planes = torch::randn({3, 6, 5, 7}) * 3 + 2;
  const Tensor last = planes.contiguous(at::MemoryFormat::ChannelsLast);
  for (const ImageNorm kind : {ImageNorm::kInstanceAffine, ImageNorm::kInstance}) {
    torch::nn::AnyModule norm = make_norm(kind, 6);
    for (Tensor& parameter : norm.ptr()->parameters()) {
      torch::nn::init::uniform_(parameter, 0.5, 2.0);
    }
    const Tensor wanted = norm.forward(planes);
    {
      const torch::NoGradGuard no_grad;
      const Tensor got = norm.forward(last);
      EXPECT_TRUE(got.is_contiguous(at::MemoryFormat::ChannelsLast));
      EXPECT_LT(test::error_between(got, wanted), 1e-6);
    }
    EXPECT_LT(test::error_between(norm.forward(last), wanted), 1e-6);
  }
}

TEST(ImageBlocks, InstanceNormIsBatchNormOfOneSample) {
  const Tensor x = torch::randn({1, 4, 5, 7});
  torch::nn::AnyModule batch = make_norm(ImageNorm::kBatch, 4), affine = make_norm(ImageNorm::kInstanceAffine, 4),
                       plain = make_norm(ImageNorm::kInstance, 4);
  EXPECT_LT(test::error_between(affine.forward(x), batch.forward(x)), 1e-6);
  EXPECT_LT(test::error_between(plain.forward(x), batch.forward(x)), 1e-6);
  EXPECT_EQ(affine.ptr()->parameters().size(), 2U);
  EXPECT_EQ(plain.ptr()->parameters().size(), 0U);
  EXPECT_EQ(affine.ptr()->buffers().size(), 0U);
  EXPECT_EQ(test::exit_code_of([] { image_norm("layer"); }), 1);
}

}  // namespace
}  // namespace stgmamba::nn
