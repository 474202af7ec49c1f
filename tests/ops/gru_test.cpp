// SPDX-License-Identifier: MIT
// The recurrent unit against torch::nn::GRU.
#include "stgmamba/ops/gru.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/error_between.hpp"
#include "support/gradcheck.hpp"
#include "support/scoped_threads.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;

struct Unit {
  torch::nn::GRU module{nullptr};
  GruShape shape;
  Tensor x;
  Unit(std::int64_t batch, std::int64_t frames, std::int64_t in, std::int64_t hidden, GruShape s,
       at::ScalarType type = torch::kFloat)
      : shape(s) {
    torch::manual_seed(1);
    module = torch::nn::GRU(
        torch::nn::GRUOptions(in, hidden).num_layers(s.layers).bidirectional(s.bidirectional).batch_first(true));
    module->to(type);
    x = torch::randn({batch, frames, in}).to(type).requires_grad_();
  }
  Tensor run(ScanBackend backend) const { return gru(x, module->all_weights(), shape, backend); }
  std::vector<Tensor> leaves() const {
    std::vector<Tensor> all = module->all_weights();
    all.push_back(x);
    return all;
  }
  std::vector<Tensor> results(const Tensor& out) const {
    torch::manual_seed(2);
    std::vector<Tensor> all = torch::autograd::grad({out}, leaves(), {torch::randn(out.sizes()).to(out.scalar_type())});
    all.push_back(out.detach());
    return all;
  }
};

Tensor by_module(const Unit& unit, const Tensor& x) {
  torch::nn::GRU module = unit.module;  // a holder: the same module
  return std::get<0>(module->forward(x));
}

TEST(Gru, EqualsLibTorchsModule) {
  for (const std::int64_t layers : {1, 2, 3}) {
    for (const bool bidirectional : {false, true}) {
      for (const auto& [batch, frames] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {3, 1}, {1, 9}, {5, 130}}) {
        const Unit unit(batch, frames, 6, 4, {layers, bidirectional});
        const auto wanted = unit.results(by_module(unit, unit.x));
        for (const ScanBackend backend : {ScanBackend::kAuto, ScanBackend::kReference}) {
          const auto got = unit.results(unit.run(backend));
          for (std::size_t i = 0; i < wanted.size(); ++i) {
            EXPECT_EQ(got[i].sizes(), wanted[i].sizes());
            EXPECT_LT(test::error_between(got[i], wanted[i]), 5e-6)
                << layers << " layers, B " << batch << " F " << frames << ", result " << i;
          }
        }
      }
    }
  }
}

/// As large as the model's: the products leave the recurrence by oneDNN.
TEST(Gru, EqualsLibTorchsModuleAtTheModelsSize) {
  const test::ScopedThreads threads(2);
  const Unit unit(16, 50, 96, 64, {2, true});
  const auto wanted = unit.results(by_module(unit, unit.x));
  const auto got = unit.results(unit.run(ScanBackend::kAuto));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_LT(test::error_between(got[i], wanted[i]), 1e-5) << "result " << i;
  }
}

TEST(Gru, GradientsInDoublePrecision) {
  const Unit unit(2, 4, 3, 5, {2, true}, torch::kDouble);
  test::gradcheck([&unit] { return unit.run(ScanBackend::kCpu); }, unit.leaves(), 1e-6);
}

TEST(Gru, AnInputWithoutGradient) {
  const Unit unit(2, 7, 3, 5, {1, true});
  const auto weights = unit.module->all_weights();
  const Tensor got = gru(unit.x.detach(), weights, unit.shape);
  const Tensor wanted = by_module(unit, unit.x.detach());
  const auto d_got = torch::autograd::grad({got.square().sum()}, weights);
  const auto d_wanted = torch::autograd::grad({wanted.square().sum()}, weights);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    EXPECT_LT(test::error_between(d_got[i], d_wanted[i]), 5e-6) << i;
  }
}

TEST(Gru, RunsInInferenceModeOnEveryThread) {
  const Unit unit(2, 7, 3, 5, {2, true});
  const Tensor wanted = unit.run(ScanBackend::kReference).detach();
  for (const int count : {1, 2, 3}) {
    const test::ScopedThreads threads(count);
    const c10::InferenceMode inference;
    EXPECT_LT(test::error_between(unit.run(ScanBackend::kCpu), wanted), 5e-6) << count << " threads";
  }
}

TEST(CudaGru, EqualsTheCpuInTrainingAndOutsideIt) {
  if (!torch::cuda::is_available()) {
    GTEST_SKIP() << "no CUDA device here: run tools/test-gpu.sh on a machine with one";
  }
  struct FullPrecision {  // ten bits of mantissa are not what is asked about
    bool before = at::globalContext().allowTF32CuDNN();
    FullPrecision() { at::globalContext().setAllowTF32CuDNN(false); }
    ~FullPrecision() { at::globalContext().setAllowTF32CuDNN(before); }
  } const full_precision;
  Unit unit(3, 20, 6, 8, {2, true});
  const auto wanted = unit.results(unit.run(ScanBackend::kCpu));
  unit.module->to(torch::kCUDA);
  unit.x = unit.x.detach().to(torch::kCUDA).requires_grad_();
  const Tensor out = unit.run(ScanBackend::kAuto);
  torch::manual_seed(2);
  const auto got = torch::autograd::grad({out}, unit.leaves(), {torch::randn(out.sizes()).to(torch::kCUDA)});
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_LT(test::error_between(got[i].cpu(), wanted[i]), 1e-4) << "gradient " << i;
  }
  const torch::NoGradGuard no_grad;
  EXPECT_LT(test::error_between(unit.run(ScanBackend::kAuto).cpu(), wanted.back()), 1e-5);
}

TEST(Gru, RefusesWhatItCannotDo) {
  const Unit unit(2, 7, 3, 5, {1, false});
  EXPECT_THAT(
      test::error_of([&] { torch::autograd::grad({unit.run(ScanBackend::kCpu).sum()}, {unit.x}, {}, true, true); }),
      testing::HasSubstr("no second derivative"));
  EXPECT_THAT(test::error_of([&] {
                gru(unit.x, unit.module->all_weights(), {1, true});
              }),
              testing::HasSubstr("have 8 weights, got 4"));
  EXPECT_THAT(test::error_of([&] {
                gru(unit.x.narrow(1, 0, 0), unit.module->all_weights(), {1, false});
              }),
              testing::HasSubstr("at least one frame"));
  EXPECT_THAT(test::error_of([&] {
                gru(unit.x[0], unit.module->all_weights(), {1, false});
              }),
              testing::HasSubstr("must be [B, F, K], got 2 dimensions"));
}

}  // namespace
}  // namespace stgmamba::ops
