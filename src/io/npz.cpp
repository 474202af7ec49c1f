// SPDX-License-Identifier: MIT
#include "stgmamba/io/npz.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>
#include <string_view>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

#include "zip_archive.hpp"

namespace stgmamba::io {
namespace fs = std::filesystem;
namespace {

struct Code {
  DType dtype;
  const char* text;
};
constexpr Code kCodes[] = {{DType::kF64, "<f8"}, {DType::kF32, "<f4"}, {DType::kF16, "<f2"},
                           {DType::kI64, "<i8"}, {DType::kI32, "<i4"}, {DType::kI16, "<i2"},
                           {DType::kI8, "|i1"},  {DType::kU8, "|u1"},  {DType::kBool, "|b1"}};

/// numpy's header: a Python dict literal with exactly the keys descr, fortran_order and shape, in any order.
struct Header {
  std::string descr;
  bool fortran = false;
  std::vector<std::int64_t> shape;
};

/// Reads just that literal; nothing numpy would not write itself is taken.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  /// False when the text is anything else.
  bool parse(Header& header) {
    std::set<std::string> seen;
    if (!take("{")) {
      return false;
    }
    while (!take("}")) {
      std::string key;
      if (!string(key) || !take(":") || !seen.insert(key).second || !value(key, header)) {
        return false;
      }
      if (!take(",")) {
        if (!take("}")) {
          return false;
        }
        break;
      }
    }
    skip_space();
    return rest_.empty() && seen.size() == 3;
  }

 private:
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size())); }

  bool take(std::string_view token) {
    skip_space();
    if (!rest_.starts_with(token)) {
      return false;
    }
    rest_.remove_prefix(token.size());
    return true;
  }

  bool string(std::string& out) {
    if (!take("'")) {
      return false;
    }
    const std::size_t end = rest_.find('\'');
    if (end == std::string_view::npos) {
      return false;
    }
    out = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool value(const std::string& key, Header& header) {
    if (key == "descr") {
      return string(header.descr);
    }
    if (key == "fortran_order") {
      header.fortran = take("True");
      return header.fortran || take("False");
    }
    return key == "shape" && shape(header.shape);
  }

  bool shape(std::vector<std::int64_t>& out) {
    if (!take("(")) {
      return false;
    }
    while (!take(")")) {
      skip_space();
      std::int64_t size = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (error != std::errc() || size < 0 || rest_.front() == '-') {
        return false;
      }
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      out.push_back(size);
      if (!take(",")) {
        return out.size() > 1 && take(")");  // "(3)" is no tuple
      }
    }
    return true;
  }

  std::string_view rest_;
};

Array parse_npy(const std::vector<std::byte>& bytes, const std::string& where) {
  const auto refuse = [&](const std::string& what) { throw DataError("{}: not a plain numpy array: {}", where, what); };
  if (bytes.size() < 10 || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0) {
    refuse("no NUMPY magic");
  }
  const auto major = std::to_integer<int>(bytes[6]);
  const std::size_t begin = major == 1 ? 10 : 12;
  std::size_t length = 0;
  if (major < 1 || major > 3 || bytes.size() < begin) {
    refuse("the header does not fit");
  }
  std::memcpy(&length, bytes.data() + 8, begin - 8);
  if (length > bytes.size() - begin) {
    refuse("the header does not fit");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + begin, length);
  Header header;
  if (!HeaderParser(text).parse(header)) {
    refuse("unreadable header");
  }
  const auto* const code = std::find_if(std::begin(kCodes), std::end(kCodes),
                                        [&](const Code& candidate) { return header.descr == candidate.text; });
  if (code == std::end(kCodes)) {
    refuse("dtype '" + header.descr + "'");
  }
  if (header.fortran && header.shape.size() > 1) {
    refuse("Fortran order");
  }
  Array array{code->dtype, header.shape, {}};
  std::uint64_t expected = size_of(array.dtype);
  for (const std::int64_t size : array.shape) {
    if (__builtin_mul_overflow(expected, static_cast<std::uint64_t>(size), &expected)) {
      refuse("the shape is too large");
    }
  }
  const std::size_t data = begin + length;
  if (bytes.size() - data != expected) {
    refuse(fmt::format("{} bytes of data where the shape needs {}", bytes.size() - data, expected));
  }
  array.bytes.assign(bytes.begin() + static_cast<std::ptrdiff_t>(data), bytes.end());
  return array;
}

std::vector<std::byte> to_npy(const Array& array, const std::string& name) {
  const char* code = nullptr;
  for (const Code& candidate : kCodes) {
    if (candidate.dtype == array.dtype) {
      code = candidate.text;
    }
  }
  STG_CHECK(code != nullptr, "[write_npz] '{}': numpy has no {}", name, name_of(array.dtype));
  STG_CHECK(static_cast<std::uint64_t>(array.numel()) * size_of(array.dtype) == array.bytes.size(),
            "[write_npz] '{}': {} bytes do not fill the shape", name, array.bytes.size());
  std::string shape;
  for (const std::int64_t size : array.shape) {
    shape += std::to_string(size) + (array.shape.size() == 1 ? "," : &size == &array.shape.back() ? "" : ", ");
  }
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", code, shape);
  header.append(63 - (10 + header.size()) % 64, ' ');  // numpy pads to 64 bytes, the line end included
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  std::vector<std::byte> out(10 + header.size() + array.bytes.size());
  std::memcpy(out.data(), "\x93NUMPY\x01\x00", 8);
  std::memcpy(out.data() + 8, &length, 2);
  std::memcpy(out.data() + 10, header.data(), header.size());
  if (!array.bytes.empty()) {
    std::memcpy(out.data() + 10 + header.size(), array.bytes.data(), array.bytes.size());
  }
  return out;
}

}  // namespace

std::map<std::string, Array> read_npz(const fs::path& path) {
  const ZipReader archive(path, {.code = ExitCode::kData, .kind = "an .npz archive"});
  std::map<std::string, Array> arrays;
  for (std::size_t i = 0; i < archive.names().size(); ++i) {
    std::string name = archive.names()[i];
    const std::string where = path.string() + ": " + name;
    if (name.size() > 4 && name.ends_with(".npy")) {
      name.resize(name.size() - 4);
    }
    if (!arrays.emplace(name, parse_npy(archive.read(i), where)).second) {
      throw DataError("{}: occurs twice", where);
    }
  }
  return arrays;
}

void write_npz(const fs::path& path, const std::map<std::string, Array>& arrays) {
  util::PendingFile pending(path);
  int code = 0;
  ZipHandle archive(zip_open(pending.path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!archive) {
    throw ResourceError("{}: cannot create the archive", path.string());
  }
  std::vector<std::vector<std::byte>> members;  // libzip reads them only when it closes the archive
  members.reserve(arrays.size());
  for (const auto& [name, array] : arrays) {
    members.push_back(to_npy(array, name));
    zip_source_t* source = zip_source_buffer(archive.get(), members.back().data(), members.back().size(), 0);
    const zip_int64_t index = zip_file_add(archive.get(), (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    STG_CHECK(index >= 0, "[write_npz] cannot add '{}'", name);
    zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index), ZIP_CM_DEFLATE, 1);
    zip_file_set_dostime(archive.get(), static_cast<zip_uint64_t>(index), 0, (1U << 5U) | 1U, 0);  // 1980-01-01
  }
  if (zip_close(archive.get()) != 0) {
    throw ResourceError("{}: cannot write: {}", path.string(), zip_strerror(archive.get()));
  }
  (void)archive.release();  // zip_close freed it
  pending.commit();
}

}  // namespace stgmamba::io
