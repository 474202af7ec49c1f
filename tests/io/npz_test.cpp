// SPDX-License-Identifier: MIT
#include "stgmamba/io/npz.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::io {
namespace {

using test::error_of;
using test::TempFolder;
using testing::HasSubstr;

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;  // quicker than a write that is flushed to disk
}

TEST(Npz, RoundTrip) {
  const TempFolder folder;
  const std::vector<float> xy = {1, 2, 3, 4, 5, 6};
  const std::vector<double> fps = {30};
  write_npz(folder / "a.npz", {{"xy", Array::from<float>(xy, {1, 3, 2})}, {"fps", Array::from<double>(fps, {})}});
  const auto back = read_npz(folder / "a.npz");
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back.at("xy").shape, (std::vector<std::int64_t>{1, 3, 2}));
  EXPECT_EQ(back.at("xy").as<float>()[4], 5.0F);
  EXPECT_TRUE(back.at("fps").shape.empty());
  EXPECT_EQ(back.at("fps").as<double>()[0], 30.0);
  write_npz(folder / "b.npz", back);
  EXPECT_EQ(util::read_text(folder / "a.npz"), util::read_text(folder / "b.npz"));
}

TEST(Npz, WhatNumpyWrites) {  // tests/golden/numpy.npz: np.savez_compressed(a=np.arange(6, dtype='<i4').reshape(2, 3),
                              // b=True)
  const auto arrays = read_npz(std::string(STG_SOURCE_DIR) + "/tests/golden/numpy.npz");
  EXPECT_EQ(arrays.at("a").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(arrays.at("a").as<std::int32_t>()[5], 5);
  EXPECT_EQ(to_float(arrays.at("b")), std::vector<float>{1.0F});
}

TEST(Npz, BadFilesAreNamed) {
  const TempFolder folder;
  EXPECT_THAT(error_of([&] { read_npz(folder / "none.npz"); }), HasSubstr("none.npz: no such file"));
  util::write_text(folder / "text.npz", "hello");
  EXPECT_THAT(error_of([&] { read_npz(folder / "text.npz"); }), HasSubstr("text.npz: not an .npz archive"));
}

TEST(Npz, TruncationAndFlippedBytesNeverCrash) {
  const TempFolder folder;
  const std::vector<float> values(100, 1.5F);
  write_npz(folder / "a.npz", {{"x", Array::from<float>(values, {10, 10})}});
  const std::string whole = util::read_text(folder / "a.npz");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    write_bytes(folder / "cut.npz", whole.substr(0, i));
    EXPECT_NE(error_of([&] { read_npz(folder / "cut.npz"); }), "") << i;
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x40);
    write_bytes(folder / "flip.npz", flipped);
    try {  // a time stamp may change unseen; the values may not
      for (const auto& [name, array] : read_npz(folder / "flip.npz")) {
        EXPECT_EQ(array.bytes, read_npz(folder / "a.npz").at("x").bytes) << i;
      }
    } catch (const DataError&) {
    }
  }
}

/// A stored (not packed) archive with one member, as zipfile writes it.
std::string stored_zip(const std::string& name, const std::string& content, std::uint32_t claimed) {
  const auto number = [](std::uint64_t value, int bytes) {  // little-endian
    std::string text;
    for (int i = 0; i < bytes; ++i) {
      text += static_cast<char>(value & 0xFFU);
      value >>= 8U;
    }
    return text;
  };
  std::uint32_t crc = ~0U;
  for (const unsigned char c : content) {
    crc ^= c;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
  }
  const bool packed = claimed != content.size();
  const std::string common = number(20, 2) + number(0, 2) + number(packed ? 8 : 0, 2) + number(0x00210000, 4) +
                             number(~crc, 4) + number(content.size(), 4) + number(claimed, 4) + number(name.size(), 2) +
                             number(0, 2);
  const std::string local = "PK\3\4" + common + name + content;
  const std::string central = "PK\1\2" + number(20, 2) + common + number(0, 14) + name;
  return local + central + "PK\5\6" + number(0, 4) + number(1, 2) + number(1, 2) + number(central.size(), 4) +
         number(local.size(), 4) + number(0, 2);
}

std::string npy(const std::string& header, std::size_t data_bytes, int major = 1) {
  std::string text = "\x93NUMPY";
  text += static_cast<char>(major);
  text += '\0';
  text += static_cast<char>(header.size());
  text += std::string(major == 1 ? 1 : 3, '\0');
  return text + header + std::string(data_bytes, 'x');
}

TEST(Npz, HeadersAreReadStrictly) {
  const TempFolder folder;
  const auto read = [&](const std::string& member) {
    write_bytes(folder / "h.npz", stored_zip("x.npy", member, static_cast<std::uint32_t>(member.size())));
    return read_npz(folder / "h.npz").at("x");
  };
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
  for (const int major : {1, 2, 3}) {
    EXPECT_EQ(read(npy(good, 24, major)).shape, (std::vector<std::int64_t>{2, 3})) << major;
  }
  EXPECT_TRUE(read(npy("{'shape': (), 'fortran_order': False, 'descr': '<f8'}", 8)).shape.empty());
  EXPECT_EQ(read(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", 8)).shape.size(), 1U);
  const struct {
    std::string member;
    const char* says;
  } cases[] = {
      {"", "no NUMPY magic"},
      {std::string("\x93NUMPY\x02\x00\x00\x00", 10), "the header does not fit"},  // version 2 needs 12 bytes
      {npy(good, 24, 4), "the header does not fit"},
      {npy(good, 24).substr(0, 40), "the header does not fit"},
      {npy(good, 23), "23 bytes of data where the shape needs 24"},
      {npy("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", 8), "dtype '>f4'"},
      {npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", 8), "dtype '|O'"},
      {npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8), "unreadable header"},
      {npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }", 8), "Fortran order"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", 8), "unreadable header"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,), }", 8), "unreadable header"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", 8), "unreadable header"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2 3), }", 24), "unreadable header"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8), "unreadable header"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 0), "too large"},
      {npy("{'descr': '<f4', 'fortran_order': False, }", 8), "unreadable header"},
      {npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 8), "unreadable header"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", 8), "unreadable header"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + 1", 8), "unreadable header"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(error_of([&] { read(c.member); }), testing::AllOf(HasSubstr("h.npz: x.npy: "), HasSubstr(c.says)));
    EXPECT_EQ(test::exit_code_of([&] { read(c.member); }), 4) << c.says;
  }
}

TEST(Npz, AClaimOfGigabytesIsRefusedBeforeTheyAreTaken) {
  const TempFolder folder;
  write_bytes(folder / "bomb.npz", stored_zip("x.npy", "0123456789", 4000000000U));
  EXPECT_THAT(error_of([&] { read_npz(folder / "bomb.npz"); }), HasSubstr("x.npy: claims 4000000000 bytes"));
}

}  // namespace
}  // namespace stgmamba::io
