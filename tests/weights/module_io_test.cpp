// SPDX-License-Identifier: MIT
#include "stgmamba/weights/module_io.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/safetensors.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::weights {
namespace {

using testing::HasSubstr;
using torch::Tensor;

torch::nn::Sequential network() {
  return torch::nn::Sequential(torch::nn::Linear(3, 5), torch::nn::BatchNorm1d(5));
}

std::map<std::string, io::Array> arrays_of(const torch::nn::Module& module) {
  std::map<std::string, io::Array> arrays;
  for (const auto& [name, tensor] : named_tensors(module)) {
    arrays.emplace(name, to_array(tensor));
  }
  return arrays;
}

TEST(ModuleIo, ArraysAndTensorsRoundTripInEveryType) {
  for (const auto type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar,
                          at::kByte, at::kBool}) {
    const Tensor x = (torch::rand({4, 3}) * 100).to(type);
    EXPECT_TRUE(torch::equal(to_tensor(to_array(x.t())), x.t())) << c10::toString(type);  // a strided view
  }
  EXPECT_EQ(to_tensor(to_array(torch::zeros({0, 2}))).sizes(), (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(to_tensor(to_array(torch::tensor(7.0))).dim(), 0);
}

TEST(ModuleIo, BuffersAreNamedButNotCounted) {
  auto module = network();
  EXPECT_EQ(parameter_count(*module), 3 * 5 + 5 + 2 * 5);
  const auto tensors = named_tensors(*module);
  EXPECT_EQ(tensors.size(), 7U);
  EXPECT_EQ(tensors.count("1.running_var"), 1U);
  EXPECT_EQ(tensors.count("1.num_batches_tracked"), 1U);
}

TEST(ModuleIo, BuffersAndMetadataComeBack) {
  const test::TempFolder folder;
  auto module = network();
  module->forward(torch::randn({6, 3}));  // moves the running statistics
  save_module(folder / "m.safetensors", *module, {{"step", "12"}});
  auto other = network();
  load_module(folder / "m.safetensors", *other);
  for (const auto& [name, tensor] : named_tensors(*other)) {
    EXPECT_TRUE(torch::equal(tensor, named_tensors(*module).at(name))) << name;
  }
  EXPECT_EQ(io::read_safetensors(folder / "m.safetensors").metadata.at("step"), "12");
}

TEST(ModuleIo, AMisfitNamesEveryKindAndChangesNothing) {
  auto module = network();
  const auto before = arrays_of(*module);
  auto wrong = arrays_of(*network());
  wrong.erase("0.bias");
  wrong["extra"] = to_array(torch::zeros({2}));
  wrong["1.weight"] = to_array(torch::zeros({6}));
  const std::string error = test::error_of([&] { load_named(wrong, *module, "a.safetensors"); });
  EXPECT_THAT(error, HasSubstr("a.safetensors"));
  EXPECT_THAT(error, HasSubstr("1 missing: 0.bias"));
  EXPECT_THAT(error, HasSubstr("1 unexpected: extra"));
  EXPECT_THAT(error, HasSubstr("1.weight ([5] here, [6] there)"));
  EXPECT_EQ(error.find('\n'), std::string::npos);
  EXPECT_EQ(test::exit_code_of([&] { load_named(wrong, *module, "a.safetensors"); }), 5);
  for (const auto& [name, array] : arrays_of(*module)) {
    EXPECT_EQ(array.bytes, before.at(name).bytes) << name;
  }
}

TEST(ModuleIo, LoadingKeepsTheTensorsThatOptimisersHold) {
  auto module = network();
  const Tensor held = named_tensors(*module).at("0.weight");
  load_named(arrays_of(*network()), *module, "a");
  EXPECT_TRUE(held.is_same(named_tensors(*module).at("0.weight")));
  EXPECT_TRUE(held.requires_grad());
}

}  // namespace
}  // namespace stgmamba::weights
