// SPDX-License-Identifier: MIT
// Damaged and hostile .pth files: one clear error, exit code 5, no crash and no memory that the file does not justify.
#include <cstring>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/io/pth.hpp"
#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::io {
namespace {

using test::error_of;
using test::exit_code_of;
using test::TempFolder;
using testing::HasSubstr;

std::string number(std::uint64_t value, int bytes) {  // little-endian
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += static_cast<char>((value >> (8 * i)) & 0xFFU);
  }
  return text;
}

// A few opcodes, so that a case below reads as what it says.
std::string text(const std::string& value) {
  return "X" + number(value.size(), 4) + value;
}
std::string integer(std::uint64_t value) {
  return "\x8a\x08" + number(value, 8);
}
std::string tuple(const std::string& items) {
  return "(" + items + "t";
}
std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
std::string storage(std::uint64_t elements, const std::string& view = "N") {
  return tuple(text("storage") + global("torch", "FloatStorage") + text("0") + text("cpu") + integer(elements) + view) +
         "Q";
}
std::string tensor(const std::string& storage, std::uint64_t offset, const std::string& shape,
                   const std::string& stride) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple(storage + integer(offset) + tuple(shape) + tuple(stride) + "\x89" + "N") + "R";
}
std::string dict(const std::string& items) {
  return "}(" + items + "u";
}

/// A file of the format before PyTorch 1.6: `object` is the pickled object, one storage "0" follows it.
std::string legacy(const std::string& object, std::uint64_t elements = 6, const std::string& key = "0") {
  const std::string proto = "\x80\x02";
  std::string file = proto + "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  file += proto + "M\xe9\x03.";
  file += proto + dict(text("little_endian") + "\x88") + ".";
  file += proto + object + ".";
  file += proto + "](" + text(key) + "e.";
  file += number(elements, 8);
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(elements, 100); ++i) {
    const float value = static_cast<float>(i);
    file.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return file;
}

std::string repeated(const std::string& part, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) {
    all += part;
  }
  return all;
}

std::string without_end(std::string file) {
  file.resize(file.size() - 50);
  return file;
}

Pth read(const TempFolder& folder, const std::string& content) {
  util::write_text(folder / "file.pth", content);
  return read_pth(folder / "file.pth");
}

const std::string kSix = integer(6), kOne = integer(1);

TEST(PthHostile, TheHandMadeFileIsGoodWhereNothingIsWrong) {
  const TempFolder folder;
  const std::string two = integer(2), three = integer(3);
  const Pth plain = read(folder, legacy(dict(text("w") + tensor(storage(6), 0, two + three, three + kOne))));
  EXPECT_EQ(to_float(plain.tensors.at("w")), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(plain.tensors.at("w").shape, (std::vector<std::int64_t>{2, 3}));
  // Storages that are views into another one, as PyTorch 0.x wrote them: elements 2 to 5, of which every second.
  const std::string view = tuple(text("v") + integer(2) + integer(4));
  const Pth viewed = read(folder, legacy(dict(text("w") + tensor(storage(6, view), 1, two, two))));
  EXPECT_EQ(to_float(viewed.tensors.at("w")), (std::vector<float>{3, 5}));
  // Python 2 lists an OrderedDict's items in the call that makes it.
  const std::string pair = "](" + text("w") + tensor(storage(6), 4, two, kOne) + "e";
  const Pth old = read(folder, legacy(global("collections", "OrderedDict") + tuple("](" + pair + "e") + "R"));
  EXPECT_EQ(to_float(old.tensors.at("w")), (std::vector<float>{4, 5}));
}

TEST(PthHostile, EveryLieIsFound) {
  const std::string huge = integer(std::uint64_t{1} << 62U), negative = integer(~std::uint64_t{0});
  const std::string good = tensor(storage(6), 0, kSix, kOne);
  const auto with = [&](const std::string& value) { return legacy(dict(text("w") + value)); };
  const std::string view = tuple(text("v") + integer(3) + integer(4));
  const struct {
    std::string content;
    const char* says;
  } cases[] = {
      {legacy(global("os", "system") + tuple(text("true")) + "R"), "'os.system', which weights do not need"},
      {legacy(text("os") + text("system") + "\x93" + tuple(text("true")) + "R"), "'os.system'"},
      {legacy(global("torch", "ComplexFloatStorage")), "'torch.ComplexFloatStorage'"},
      {legacy(global("a\nb", "c")), "refers to 'a.b'"},
      {with(global("torch", "FloatStorage") + ")" + "\x81"), "opcode 0x81"},
      {with(global("torch", "FloatStorage") + tuple(text("x")) + "R"), "a call of something that is no function"},
      {with(tensor(storage(6), 0, integer(7), kOne)), "'w': a tensor that reaches beyond its storage"},
      {with(tensor(storage(6), 1, kSix, kOne)), "reaches beyond its storage"},
      {with(tensor(storage(6), 0, integer(2), kSix)), "reaches beyond its storage"},
      {with(tensor(storage(6), 0, huge + huge, kOne + kOne)), "reaches beyond its storage"},
      {with(tensor(storage(6), 0, huge + huge + integer(0), kOne + kOne + kOne)), "reaches beyond its storage"},
      {with(tensor(storage(6), 0, integer(3), huge)), "reaches beyond its storage"},
      {with(tensor(storage(6), 0, integer(1000000), integer(0))), "more elements than its storage"},
      {with(tensor(storage(6), 0, integer(3) + integer(3), kOne + kOne)), "more elements than its storage"},
      {with(tensor(storage(6), 0, negative, kOne)), "must be whole numbers"},
      {with(tensor(storage(6), 0, kSix, negative)), "must be whole numbers"},
      {with(tensor(storage(6), 0, kSix, kOne + kOne)), "one stride a dimension"},
      {with(tensor(storage(6, view), 0, kOne, kOne)), "a view that reaches beyond its storage"},
      {with(tensor(text("0"), 0, kSix, kOne)), "a tensor without a storage"},
      {with(tensor(storage(std::uint64_t{1} << 60U), 0, kSix, kOne)), "larger than any file"},
      {with(tensor(storage(7), 0, kSix, kOne)), "a storage has another size than its tensors say"},
      {legacy(dict(text("w") + tensor(storage(std::uint64_t{1} << 40U), 0, kSix, kOne)), std::uint64_t{1} << 40U),
       "its storages claim more than its"},
      {without_end(legacy(dict(text("w") + tensor(storage(100), 0, kSix, kOne)), 100)), "ends before its last storage"},
      {legacy(dict(text("w") + good), 6, "1"), "a storage that no tensor uses"},
      {legacy(dict(text("w") + good)) + "x", "bytes after the last storage"},
      {with(good + text("w") + good), "'w': occurs twice"},
      {with(kOne + text("w") + kOne), "'w': occurs twice"},
      {legacy(dict(text("a") + "]q\1h\1a")), "nested too deeply, or inside itself"},
      {legacy(dict(text("a") + repeated("](", 5000) + repeated("e", 5000))), "nested too deeply"},
      // Ten lists that each hold the next one ten times: ten thousand million leaves.
      {legacy(kOne + "q\1" + repeated("](" + repeated("h\1", 10) + "eq\1", 10)), "more values than any state dict has"},
      {with(good + text("v") + storage(6)), "a bare storage"},
      {legacy(dict("N" + kOne)), "a key must be text or a whole number"},
      {legacy("h\7"), "never stored"},
      {legacy("("), "a value is missing"},
      {legacy("e"), "a mark is missing"},
      {legacy("}(" + text("a") + "u"), "a dict's key has no value"},
      {legacy(kOne + kOne + "a"), "only a list can be appended to"},
      {legacy("X\xff\xff\xff\xff"), "the pickle ends early"},
      {legacy("\x8d" + number(~std::uint64_t{0}, 8)), "the pickle ends early"},
      {legacy("\x80\x09"), "protocol 9"},
      {legacy("I1\n"), "opcode 0x49"},
      {std::string("\x80\x02]q\1.", 6) + "padding", "the magic number is missing"},
  };
  const TempFolder folder;
  for (const auto& c : cases) {
    const std::string error = error_of([&] { read(folder, c.content); });
    EXPECT_THAT(error, testing::AllOf(HasSubstr("file.pth: "), HasSubstr(c.says)));
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
    EXPECT_EQ(exit_code_of([&] { read(folder, c.content); }), 5) << c.says;
  }
}

TEST(PthHostile, SharingHasAnEnd) {
  const TempFolder folder;
  std::string few, many;
  for (int i = 0; i < 100; ++i) {
    (i < 10 ? few : many) += text(std::to_string(i)) + tensor(storage(6), 0, kSix, kOne);
  }
  EXPECT_EQ(read(folder, legacy(dict(few))).tensors.size(), 10U);
  EXPECT_THAT(error_of([&] { read(folder, legacy(dict(few + many))); }), HasSubstr("share their storages"));
}

TEST(PthHostile, EveryTruncationIsRefused) {
  const TempFolder folder;
  for (const char* name : {"legacy.pth", "network.pth"}) {
    const std::string whole = util::read_text(std::filesystem::path(STG_SOURCE_DIR) / "tests/golden/pth" / name);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      EXPECT_EQ(exit_code_of([&] { read(folder, whole.substr(0, length)); }), 5) << name << " " << length;
    }
  }
}

/// Flips, inserts, removes and repeats bytes: whatever comes, it is read or refused.
std::string mutated(std::string bytes, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return random() % bound; };
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = below(bytes.size());
    switch (below(6)) {
      case 0:
        bytes.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 1:
        bytes.erase(at, 1 + below(8));
        break;
      case 2:
        bytes.insert(at, bytes.substr(below(bytes.size()), below(64)));
        break;
      case 3:
        bytes[at] = static_cast<char>("\xff\x00\x7f\x80"[below(4)]);
        break;
      default:
        bytes[at] = static_cast<char>(bytes[at] ^ (1U << below(8)));
    }
  }
  return bytes;
}

TEST(PthHostile, ThousandsOfMutationsEndInAReadingOrARefusal) {
  const TempFolder folder;
  std::mt19937 random(7);
  for (const char* name : {"legacy.pth", "parallel.pth", "zip.pth", "nested.pth"}) {
    const std::string whole = util::read_text(std::filesystem::path(STG_SOURCE_DIR) / "tests/golden/pth" / name);
    int refused = 0;
    constexpr int kTries = 1500;
    for (int i = 0; i < kTries; ++i) {
      const int code = exit_code_of([&] { read(folder, mutated(whole, random)); });
      ASSERT_TRUE(code == 0 || code == 5) << name << " " << i;
      refused += code == 5 ? 1 : 0;
    }
    EXPECT_GT(refused, kTries / 4) << name;
  }
}

}  // namespace
}  // namespace stgmamba::io
