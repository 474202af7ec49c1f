// SPDX-License-Identifier: MIT
// Products of many rows against ATen's in double precision.
#include "stgmamba/ops/linear.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "ops/rows_product.hpp"
#include "support/error_between.hpp"
#include "support/gradcheck.hpp"
#include "support/scoped_threads.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;

struct Operands {
  Tensor x, weight, bias;
  Operands(std::vector<std::int64_t> sizes, std::int64_t columns, bool with_bias, at::ScalarType type) {
    torch::manual_seed(1);
    x = torch::randn(sizes, torch::kDouble).to(type).requires_grad_();
    weight = torch::randn({columns, sizes.back()}, torch::kDouble).to(type).requires_grad_();
    bias = with_bias ? torch::randn({columns}, torch::kDouble).to(type).requires_grad_() : Tensor();
  }
  std::vector<Tensor> leaves() const {
    return bias.defined() ? std::vector<Tensor>{x, weight, bias} : std::vector<Tensor>{x, weight};
  }
  std::vector<Tensor> results(ScanBackend backend) const {
    const Tensor out = linear_rows(x, weight, bias, backend);
    torch::manual_seed(2);
    const Tensor d_out = torch::randn(out.sizes(), torch::kDouble).to(out.scalar_type());
    std::vector<Tensor> all = torch::autograd::grad({out}, leaves(), {d_out});
    all.push_back(out.detach());
    return all;
  }
};

TEST(Linear, EqualsTheProductInDoublePrecision) {
  const test::ScopedThreads threads(2);
  for (const bool with_bias : {false, true}) {
    for (const std::int64_t in : {1, 2, 7, 80, 133}) {
      for (const std::int64_t out : {1, 2, 5, 36, 128}) {
        for (const std::vector<std::int64_t>& lead : {std::vector<std::int64_t>{2, 50, 3}, {300}, {3, 2}}) {
          std::vector<std::int64_t> sizes = lead;
          sizes.push_back(in);
          const auto got = Operands(sizes, out, with_bias, torch::kFloat).results(ScanBackend::kAuto);
          const auto wanted = Operands(sizes, out, with_bias, torch::kDouble).results(ScanBackend::kReference);
          for (std::size_t i = 0; i < wanted.size(); ++i) {
            EXPECT_EQ(got[i].sizes(), wanted[i].sizes());
            EXPECT_LT(test::error_between(got[i], wanted[i]), 3e-6) << in << " to " << out << ", result " << i;
          }
        }
      }
    }
  }
}

TEST(Linear, TakesRowsThatAreViews) {
  const test::ScopedThreads threads(2);
  torch::manual_seed(3);
  const Tensor wide = torch::randn({4, 90, 100}).requires_grad_();
  const Tensor weight = torch::randn({6, 72}).requires_grad_();
  for (const Tensor& x : {wide.narrow(2, 5, 72), wide.transpose(0, 1).narrow(2, 0, 72)}) {
    ASSERT_EQ(suits_convolution(x, weight), at::hasMKLDNN());
    const Tensor got = linear_rows(x, weight, {});
    const Tensor wanted = linear_rows(x, weight, {}, ScanBackend::kReference);
    EXPECT_LT(test::error_between(got, wanted), 3e-6);
    const auto d_got = torch::autograd::grad({got.square().sum()}, {wide, weight});
    const auto d_wanted = torch::autograd::grad({wanted.square().sum()}, {wide, weight});
    EXPECT_LT(test::error_between(d_got[0], d_wanted[0]), 3e-6);
    EXPECT_LT(test::error_between(d_got[1], d_wanted[1]), 3e-6);
  }
}

TEST(Linear, AConvolutionIsTakenWhereItPays) {
  const Tensor weight = torch::zeros({6, 100});
  {
    const test::ScopedThreads threads(2);
    EXPECT_EQ(suits_convolution(torch::zeros({256, 100}), weight), at::hasMKLDNN());
    EXPECT_FALSE(suits_convolution(torch::zeros({255, 100}), weight));
    EXPECT_FALSE(suits_convolution(torch::zeros({256, 80}), torch::zeros({6, 80})));  // too few numbers
    EXPECT_FALSE(suits_convolution(torch::zeros({256, 100}, torch::kDouble), weight.to(torch::kDouble)));
  }
  const test::ScopedThreads one(1);
  EXPECT_FALSE(suits_convolution(torch::zeros({256, 100}), weight));
}

/// The second derivative is what a gradient penalty needs.
TEST(Linear, HasASecondDerivative) {
  const test::ScopedThreads threads(2);
  const Operands operands({300, 70}, 5, true, torch::kFloat);
  const Tensor out = linear_rows(operands.x, operands.weight, operands.bias).tanh().sum();
  const Tensor slope = torch::autograd::grad({out}, {operands.x}, {}, true, true)[0].square().sum();
  const Tensor got = torch::autograd::grad({slope}, {operands.weight})[0];
  const Operands wide({300, 70}, 5, true, torch::kDouble);
  const Tensor out_wide = linear_rows(wide.x, wide.weight, wide.bias).tanh().sum();
  const Tensor slope_wide = torch::autograd::grad({out_wide}, {wide.x}, {}, true, true)[0].square().sum();
  EXPECT_LT(test::error_between(got, torch::autograd::grad({slope_wide}, {wide.weight})[0]), 1e-5);
}

TEST(RowsProduct, GradientsOutsideAutograd) {
  const test::ScopedThreads threads(2);
  torch::manual_seed(4);
  for (const std::int64_t rows : {10, 400}) {
    const Tensor x = torch::randn({rows, 60}).requires_grad_(), weight = torch::randn({5, 60}).requires_grad_();
    const Tensor bias = torch::zeros({5}).requires_grad_(), d_out = torch::randn({rows, 5});
    const auto wanted = torch::autograd::grad({at::linear(x, weight, bias)}, {x, weight, bias}, {d_out});
    const torch::NoGradGuard no_grad;
    const RowsGradients got = rows_product_backward(x, weight, d_out, true);
    EXPECT_LT(test::error_between(got.x, wanted[0]), 3e-6);
    EXPECT_LT(test::error_between(got.weight, wanted[1]), 3e-6);
    EXPECT_LT(test::error_between(got.bias, wanted[2]), 3e-6);
    EXPECT_FALSE(rows_product_backward(x, weight, d_out, false).x.defined());
  }
}

}  // namespace
}  // namespace stgmamba::ops
