// SPDX-License-Identifier: MIT
// The characters of the JSON inside an MDVS file, which may be wrapped in a JSON string, without holding either text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace stgmamba::skeleton {

/// Reads the file in blocks. When the first character is a quote, hands out the string's content with the escapes
/// undone; otherwise the file as it is.
class MdvsText {
 public:
  explicit MdvsText(const std::filesystem::path& path);
  /// The next byte, or -1 at the end. Throws DataError for a string that is broken or has something behind it.
  int next();

 private:
  int raw();  // next byte of the file, or -1
  int unescape();
  std::uint32_t hex4();
  void queue_utf8(std::uint32_t code);
  [[noreturn]] void fail(const char* what) const;

  std::string name_;
  std::ifstream file_;
  std::vector<char> block_;
  std::size_t at_ = 0, filled_ = 0;
  std::uint64_t read_ = 0;  // bytes taken from the file
  bool wrapped_ = false, ended_ = false;
  std::string queue_;  // bytes that one escape stands for, still to hand out, last first
  int first_ = -1;     // first byte of a file that is not wrapped
};

/// Single-pass iterator over an MdvsText, as nlohmann's parser wants it; a default one is the end.
class MdvsTextIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  MdvsTextIterator() = default;
  explicit MdvsTextIterator(MdvsText& text) : text_(&text) { ++*this; }
  const char& operator*() const { return value_; }
  MdvsTextIterator& operator++() {
    const int byte = text_->next();
    value_ = static_cast<char>(byte);
    text_ = byte < 0 ? nullptr : text_;
    return *this;
  }
  MdvsTextIterator operator++(int) {
    MdvsTextIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const MdvsTextIterator& other) const { return text_ == other.text_; }

 private:
  MdvsText* text_ = nullptr;
  char value_ = 0;
};

}  // namespace stgmamba::skeleton
