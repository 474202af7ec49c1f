// SPDX-License-Identifier: MIT
#include "mdvs_text.hpp"

#include "stgmamba/util/error.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;

bool is_space(int byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

}  // namespace

MdvsText::MdvsText(const std::filesystem::path& path) : name_(path.string()), block_(kBlock) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw DataError("{}: must be an MDVS JSON file, got {}", name_,
                    std::filesystem::exists(path, error) ? "something that is no file" : "nothing there");
  }
  file_.open(path, std::ios::binary);
  if (!file_) {
    throw DataError("{}: cannot be read", name_);
  }
  do {
    first_ = raw();
  } while (is_space(first_));
  if (first_ < 0) {
    throw DataError("{}: must be an MDVS JSON file, got an empty file", name_);
  }
  wrapped_ = first_ == '"';
}

void MdvsText::fail(const char* what) const {
  throw DataError("{}: byte {}: {}", name_, read_, what);
}

int MdvsText::raw() {
  if (at_ == filled_) {
    file_.read(block_.data(), static_cast<std::streamsize>(block_.size()));
    filled_ = static_cast<std::size_t>(file_.gcount());
    at_ = 0;
    if (filled_ == 0) {
      if (file_.bad()) {
        fail("the file cannot be read any further");
      }
      return -1;
    }
  }
  ++read_;
  return static_cast<unsigned char>(block_[at_++]);
}

int MdvsText::next() {
  if (!queue_.empty()) {
    const int byte = static_cast<unsigned char>(queue_.back());
    queue_.pop_back();
    return byte;
  }
  if (ended_) {
    return -1;
  }
  if (!wrapped_) {
    const int byte = first_ >= 0 ? first_ : raw();
    first_ = -1;
    return byte;
  }
  const int byte = raw();
  if (byte == '\\') {
    return unescape();
  }
  if (byte < 0) {
    fail("the JSON string must end with a quote, but the file ends; it is cut off");
  }
  if (byte == '"') {
    ended_ = true;
    for (int rest = raw(); rest >= 0; rest = raw()) {
      if (!is_space(rest)) {
        fail("nothing may follow the JSON string");
      }
    }
    return -1;
  }
  return byte;
}

int MdvsText::unescape() {
  const int byte = raw();
  switch (byte) {
    case '"':
    case '\\':
    case '/':
      return byte;
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'u':
      break;
    default:
      fail("an unknown escape in the JSON string");
  }
  std::uint32_t code = hex4();
  if (code >= 0xD800 && code < 0xDC00) {
    if (raw() != '\\' || raw() != 'u') {
      fail("half of a surrogate pair in the JSON string");
    }
    const std::uint32_t low = hex4();
    if (low < 0xDC00 || low > 0xDFFF) {
      fail("half of a surrogate pair in the JSON string");
    }
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code <= 0xDFFF) {
    fail("half of a surrogate pair in the JSON string");
  }
  queue_utf8(code);
  return next();
}

std::uint32_t MdvsText::hex4() {
  std::uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    const int byte = raw();
    const int digit = byte >= '0' && byte <= '9'   ? byte - '0'
                      : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                      : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                                   : -1;
    if (digit < 0) {
      fail("\\u must be followed by four hexadecimal digits");
    }
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  return code;
}

void MdvsText::queue_utf8(std::uint32_t code) {
  if (code < 0x80) {
    queue_.push_back(static_cast<char>(code));
    return;
  }
  std::uint32_t limit = 0x40;  // what fits into the leading byte beside its marks
  std::uint32_t lead = 0x80;
  while (code >= limit) {
    queue_.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    code >>= 6;
    lead = 0x80 | (lead >> 1);
    limit = limit == 0x40 ? 0x20 : limit >> 1;
  }
  queue_.push_back(static_cast<char>(lead | code));
}

}  // namespace stgmamba::skeleton
