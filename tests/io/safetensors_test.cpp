// SPDX-License-Identifier: MIT
#include "stgmamba/io/safetensors.hpp"

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

std::string file_of(const std::string& header, std::size_t data_bytes) {
  std::string text(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(text.data(), &length, 8);
  return text + header + std::string(data_bytes, 'x');
}

Safetensors sample() {
  const std::vector<float> weights = {1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> step = {42};
  Safetensors content;
  content.tensors["b.weight"] = Array::from<float>(weights, {2, 3});
  content.tensors["a.step"] = Array::from<std::int64_t>(step, {});
  content.tensors["empty"] = Array::from<float>({}, {0, 7});
  content.metadata["format"] = "pt";
  return content;
}

TEST(Safetensors, RoundTripKeepsEveryByte) {
  const TempFolder folder;
  write_safetensors(folder / "w.safetensors", sample());
  const Safetensors back = read_safetensors(folder / "w.safetensors");
  ASSERT_EQ(back.tensors.size(), 3U);
  EXPECT_EQ(back.tensors.at("b.weight").as<float>()[5], 6.0F);
  EXPECT_EQ(back.tensors.at("b.weight").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(back.tensors.at("a.step").as<std::int64_t>()[0], 42);
  EXPECT_EQ(back.tensors.at("empty").numel(), 0);
  EXPECT_EQ(back.metadata.at("format"), "pt");
}

TEST(Safetensors, EmptyTensorsMayStandAnywhere) {
  const TempFolder folder;
  const std::vector<float> one = {1};
  Safetensors content;
  for (const char* name : {"b", "d", "f"}) {
    content.tensors[name] = Array::from<float>(one, {1});
  }
  for (const char* name : {"a", "c", "e", "g"}) {
    content.tensors[name] = Array::from<float>({}, {0});
  }
  write_safetensors(folder / "w", content);
  EXPECT_EQ(read_safetensors(folder / "w").tensors.size(), 7U);
  // The same layout with its names the other way round: what other writers may produce.
  util::write_text(folder / "z", file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                         R"("z":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
                                         4));
  EXPECT_EQ(read_safetensors(folder / "z").tensors.at("z").numel(), 0);
}

TEST(Safetensors, WhatCannotBeWrittenIsRefused) {
  const TempFolder folder;
  Safetensors content = sample();
  content.metadata["name"] = "caf\xe9";
  EXPECT_EQ(exit_code_of([&] { write_safetensors(folder / "w", content); }), 5);
  content = sample();
  content.tensors["b.weight"].shape = {2, 4};
  EXPECT_EQ(exit_code_of([&] { write_safetensors(folder / "w", content); }), 1);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Safetensors, EqualContentGivesEqualBytes) {
  const TempFolder folder;
  write_safetensors(folder / "a", sample());
  write_safetensors(folder / "b", sample());
  EXPECT_EQ(util::read_text(folder / "a"), util::read_text(folder / "b"));
}

TEST(Safetensors, FloatConversions) {
  Array half{DType::kF16, {4}, std::vector<std::byte>(8)};
  const std::uint16_t bits[] = {0x3C00, 0xC000, 0x0001, 0x7C00};
  std::memcpy(half.bytes.data(), bits, 8);
  const std::vector<float> values = to_float(half);
  EXPECT_EQ(values[0], 1.0F);
  EXPECT_EQ(values[1], -2.0F);
  EXPECT_EQ(values[2], 1.0F / 16777216.0F);
  EXPECT_TRUE(std::isinf(values[3]));
  EXPECT_THROW(half.as<float>(), BugError);
}

TEST(Safetensors, HostileFilesAreRefused) {
  const std::string entry = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  const struct {
    std::string content;
    const char* says;
  } cases[] = {
      {"short", "5 bytes is too short"},
      {std::string(8, '\xff'), "does not fit"},
      {file_of("", 0), "must begin with '{'"},
      {file_of("[1]", 0), "must begin with '{'"},
      {file_of("{\"a\":", 0), "not a JSON object"},
      {file_of("{\"a\":" + entry + ",\"a\":" + entry + "}", 8), "a name occurs twice"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2]}})", 8), "must have dtype, shape and data_offsets"},
      {file_of(R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})", 8), "unknown dtype \"F31\""},
      {file_of(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8), "whole numbers"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}})", 8), "whole numbers"},
      {file_of(R"({"a":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]}})", 8), "too large"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8), "beyond the file"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,800]}})", 8), "beyond the file"},
      {file_of(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8), "8 bytes for a shape of 12"},
      {file_of("{\"a\":" + entry + ",\"b\":" + entry + "}", 8), "must begin at byte 8"},
      {file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8), "must begin at byte 0"},
      {file_of("{\"a\":" + entry + "}", 12), "8 bytes of data are described, 12 are there"},
      {file_of(R"({"__metadata__":{"a":1}})", 0), "must map text to text"},
      {file_of(R"({"__metadata__":[]})", 0), "must map text to text"},
      {file_of(R"({"__metadata__":{"a":"1","a":"2"}})", 0), "a name occurs twice"},
      {file_of(R"({"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8), "a name occurs twice"},
      {file_of(R"({"a":{"dtype":32,"shape":[2],"data_offsets":[0,8]}})", 8), "unknown dtype 32"},
      {file_of(R"({"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})", 8), "shape must be a list"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", 8), "must be two whole numbers"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551616]}})", 8), "whole numbers"},
      {file_of(R"({"a":3})", 0), "must have dtype, shape and data_offsets"},
      {file_of("{\"\xff\":" + entry + "}", 8), "not a JSON object"},
      {file_of("{\"a\":" + std::string(5000, '[') + std::string(5000, ']') + "}", 0), "safetensors"},
  };
  const TempFolder folder;
  for (const auto& c : cases) {
    util::write_text(folder / "bad", c.content);
    EXPECT_THAT(error_of([&] { read_safetensors(folder / "bad"); }), HasSubstr(c.says));
    EXPECT_EQ(exit_code_of([&] { read_safetensors(folder / "bad"); }), 5) << c.says;
  }
  EXPECT_THAT(error_of([&] { read_safetensors(folder / "none"); }), HasSubstr("no such file"));
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const TempFolder folder;
  write_safetensors(folder / "w", sample());
  const std::string whole = util::read_text(folder / "w");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    util::write_text(folder / "cut", whole.substr(0, length));
    EXPECT_EQ(exit_code_of([&] { read_safetensors(folder / "cut"); }), 5) << length;
  }
}

}  // namespace
}  // namespace stgmamba::io
