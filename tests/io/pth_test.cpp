// SPDX-License-Identifier: MIT
// The .pth reader and writer on files that PyTorch wrote (tests/golden/make_pth.py).
#include "stgmamba/io/pth.hpp"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::io {
namespace {

using test::error_of;
using test::exit_code_of;
using test::TempFolder;
using testing::HasSubstr;
using Shape = std::vector<std::int64_t>;

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(STG_SOURCE_DIR) / "tests/golden/pth" / name;
}

/// Element i of every tensor of these files is i + 1.
void expect_counting(const Array& array, const Shape& shape, const std::string& name) {
  EXPECT_EQ(array.shape, shape) << name;
  const std::vector<float> values = to_float(array);
  ASSERT_EQ(values.size(), static_cast<std::size_t>(array.numel())) << name;
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i], static_cast<float>(i + 1)) << name << " " << i;
  }
}

class EveryFormat : public testing::TestWithParam<const char*> {};

TEST_P(EveryFormat, TypesViewsAndStridesAreRead) {
  const Pth file = read_pth(golden(GetParam()));
  const std::pair<const char*, DType> types[] = {
      {"float64", DType::kF64},   {"float32", DType::kF32}, {"float16", DType::kF16},
      {"bfloat16", DType::kBF16}, {"int64", DType::kI64},   {"int32", DType::kI32},
      {"int16", DType::kI16},     {"int8", DType::kI8},     {"uint8", DType::kU8}};
  for (const auto& [name, dtype] : types) {
    const Array& array = file.tensors.at(std::string("type.") + name);
    EXPECT_EQ(array.dtype, dtype) << name;
    expect_counting(array, {2, 3}, name);
  }
  EXPECT_EQ(file.tensors.at("type.bool").dtype, DType::kBool);
  EXPECT_EQ(to_float(file.tensors.at("type.bool")), (std::vector<float>{1, 0, 1}));
  const std::pair<const char*, Shape> others[] = {
      {"scalar", {}},          {"empty", {0, 7}},      {"view.first", {4, 3}},
      {"view.second", {2}},    {"transposed", {3, 2}}, {"every_second", {4}},
      {"permuted", {2, 3, 4}}, {"parameter", {2, 2}},  {"tied", {4, 3}}};
  for (const auto& [name, shape] : others) {
    expect_counting(file.tensors.at(name), shape, name);
  }
  EXPECT_EQ(file.tensors.size(), std::size(types) + 1 + std::size(others));
  EXPECT_TRUE(file.values.empty());
}

INSTANTIATE_TEST_SUITE_P(Files, EveryFormat, testing::Values("zip.pth", "legacy.pth", "protocol4.pth"),
                         [](const auto& chosen) { return std::string(chosen.param, std::strchr(chosen.param, '.')); });

TEST(Pth, ACheckpointIsHandedOutWithDottedNames) {
  const Pth file = read_pth(golden("nested.pth"));
  expect_counting(file.tensors.at("state_dict.fc.weight"), {5, 3}, "fc.weight");
  EXPECT_EQ(file.tensors.at("state_dict.norm.num_batches_tracked").dtype, DType::kI64);
  EXPECT_EQ(file.tensors.at("optimizer.state.0.exp_avg").shape, (Shape{5, 3}));
  EXPECT_EQ(file.values.at("epoch"), "5");
  EXPECT_EQ(file.values.at("arch"), "toy");
  EXPECT_EQ(file.values.at("best"), "0.25");
  EXPECT_EQ(file.values.at("optimizer.param_groups.0.lr"), "0.5");
  EXPECT_EQ(file.values.at("optimizer.param_groups.0.amsgrad"), "False");
  EXPECT_EQ(file.values.at("optimizer.param_groups.0.params.3"), "3");
}

TEST(Pth, WhatWeightsDoNotNeedIsRefusedByName) {
  const std::string error = error_of([] { read_pth(golden("refused.pth")); });
  EXPECT_THAT(error, testing::AllOf(HasSubstr("refused.pth: data.pkl: byte"), HasSubstr("'argparse.Namespace'"),
                                    HasSubstr("save the state dict alone")));
  EXPECT_EQ(exit_code_of([] { read_pth(golden("refused.pth")); }), 5);
}

TEST(Pth, OtherTypesScriptsAndPackedZerosAreRefused) {
  const struct {
    const char *file, *says;
  } cases[] = {{"uint16.pth", "'torch.uint16'"},
               {"script.pth", "a TorchScript archive, not a state dict"},
               {"bomb.pth", "its storages claim more than its"}};
  for (const auto& c : cases) {
    EXPECT_THAT(error_of([&] { read_pth(golden(c.file)); }), HasSubstr(c.says));
    EXPECT_EQ(exit_code_of([&] { read_pth(golden(c.file)); }), 5) << c.file;
  }
}

TEST(Pth, FilesAreKnownByTheirFirstBytes) {
  const TempFolder folder;
  EXPECT_TRUE(is_pth(golden("zip.pth")));
  EXPECT_TRUE(is_pth(golden("legacy.pth")));
  EXPECT_FALSE(is_pth(std::filesystem::path(STG_SOURCE_DIR) / "tests/golden/s1_0.safetensors"));
  EXPECT_FALSE(is_pth(folder / "none"));
  EXPECT_THAT(error_of([&] { read_pth(folder / "none"); }), HasSubstr("none: no such file"));
  EXPECT_THAT(error_of([&] { read_pth(folder.path()); }), HasSubstr("not a .pth file"));
}

TEST(Pth, RoundTripKeepsEveryByteAndEqualContentGivesEqualBytes) {
  const TempFolder folder;
  const Pth file = read_pth(golden("zip.pth"));
  write_pth(folder / "a.pth", file.tensors);
  write_pth(folder / "b.pth", file.tensors);
  EXPECT_EQ(util::read_text(folder / "a.pth"), util::read_text(folder / "b.pth"));
  const Pth back = read_pth(folder / "a.pth");
  ASSERT_EQ(back.tensors.size(), file.tensors.size());
  for (const auto& [name, array] : file.tensors) {
    EXPECT_EQ(back.tensors.at(name).dtype, array.dtype) << name;
    EXPECT_EQ(back.tensors.at(name).shape, array.shape) << name;
    EXPECT_EQ(back.tensors.at(name).bytes, array.bytes) << name;
  }
  Array wrong = Array::from<float>(std::vector<float>{1, 2}, {2});
  wrong.shape = {3};
  EXPECT_EQ(exit_code_of([&] { write_pth(folder / "c.pth", {{"x", wrong}}); }), 1);
  EXPECT_FALSE(std::filesystem::exists(folder / "c.pth"));
}

}  // namespace
}  // namespace stgmamba::io
