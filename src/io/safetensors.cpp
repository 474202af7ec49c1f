// SPDX-License-Identifier: MIT
#include "stgmamba/io/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

namespace stgmamba::io {
namespace fs = std::filesystem;
using Json = nlohmann::json;  // a map: a hostile header of many names stays n log n
static_assert(std::endian::native == std::endian::little, "the format is little-endian");
namespace {

constexpr std::uint64_t kMaxHeader = 100U << 20U;  // the reference implementation's limit

struct Name {
  DType dtype;
  const char* text;
};
constexpr Name kNames[] = {{DType::kF64, "F64"}, {DType::kF32, "F32"},  {DType::kF16, "F16"}, {DType::kBF16, "BF16"},
                           {DType::kI64, "I64"}, {DType::kI32, "I32"},  {DType::kI16, "I16"}, {DType::kI8, "I8"},
                           {DType::kU8, "U8"},   {DType::kBool, "BOOL"}};

std::string format_name(DType dtype) {
  return std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& n) { return n.dtype == dtype; })->text;
}

/// Reads one file with every mistake reported under its path.
class Reader {
 public:
  explicit Reader(const fs::path& path) : path_(path), file_(path, std::ios::binary) {
    std::error_code ignored;
    if (!file_ || !fs::is_regular_file(path, ignored)) {
      throw CheckpointError("{}: {}", path.string(), fs::exists(path, ignored) ? "cannot be read" : "no such file");
    }
    size_ = fs::file_size(path);
  }

  Safetensors read() {
    const Json header = read_header();
    Safetensors content;
    std::vector<Span> spans;
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") {
        read_metadata(entry, content);
      } else {
        spans.push_back(read_entry(name, entry));
      }
    }
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);  // an empty tensor comes before what follows it
    });
    std::uint64_t at = 0;
    for (const Span& span : spans) {
      require(span.begin == at, fmt::format("'{}' must begin at byte {}, begins at {}", span.name, at, span.begin));
      at = span.end;
    }
    require(at == size_ - data_begin_,
            fmt::format("{} bytes of data are described, {} are there", at, size_ - data_begin_));
    for (Span& span : spans) {
      span.array.bytes.resize(span.end - span.begin);
      file_.seekg(static_cast<std::streamoff>(data_begin_ + span.begin));
      file_.read(reinterpret_cast<char*>(span.array.bytes.data()),
                 static_cast<std::streamsize>(span.array.bytes.size()));
      require(file_.good() || span.array.bytes.empty(), "ends too early");
      content.tensors.emplace(span.name, std::move(span.array));
    }
    return content;
  }

 private:
  struct Span {
    std::string name;
    std::uint64_t begin = 0, end = 0;
    Array array;
  };

  void require(bool holds, const std::string& what) const {
    if (!holds) {
      throw CheckpointError("{}: not a valid safetensors file: {}", path_.string(), what);
    }
  }

  Json read_header() {
    std::uint64_t length = 0;
    require(size_ >= 8, fmt::format("{} bytes is too short", size_));
    file_.read(reinterpret_cast<char*>(&length), 8);
    require(length <= kMaxHeader && length <= size_ - 8, fmt::format("a header of {} bytes does not fit", length));
    std::string text(length, '\0');
    file_.read(text.data(), static_cast<std::streamsize>(length));
    data_begin_ = 8 + length;
    require(!text.empty() && text.front() == '{', "the header must begin with '{'");
    std::set<std::string> seen, seen_inside;
    bool duplicate = false;
    int depth_limit = 0;
    // Duplicate names and deep nesting are refused while parsing, before anything is built from them.
    const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
      depth_limit = std::max(depth_limit, depth);
      if (event == Json::parse_event_t::key && depth == 1) {
        duplicate |= !seen.insert(parsed.get<std::string>()).second;
        seen_inside.clear();
      } else if (event == Json::parse_event_t::key && depth == 2) {
        duplicate |= !seen_inside.insert(parsed.get<std::string>()).second;
      }
      return depth <= 4;
    };
    Json header = Json::parse(text, watch, false);
    require(header.is_object(), "the header is not a JSON object");
    require(!duplicate, "a name occurs twice");
    require(depth_limit <= 4, "the header is nested too deeply");
    return header;
  }

  void read_metadata(const Json& entry, Safetensors& content) const {
    require(entry.is_object(), "__metadata__ must map text to text");
    for (const auto& [key, value] : entry.items()) {
      require(value.is_string(), "__metadata__ must map text to text");
      content.metadata[key] = value.get<std::string>();
    }
  }

  Span read_entry(const std::string& name, const Json& entry) const {
    require(entry.is_object() && entry.size() == 3 && entry.contains("dtype") && entry.contains("shape") &&
                entry.contains("data_offsets"),
            fmt::format("'{}' must have dtype, shape and data_offsets", name));
    Span span;
    span.name = name;
    const auto known = std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& n) {
      return entry["dtype"].is_string() && entry["dtype"] == n.text;
    });
    require(known != std::end(kNames), fmt::format("'{}' has an unknown dtype {}", name, entry["dtype"].dump()));
    span.array.dtype = known->dtype;
    std::uint64_t bytes = size_of(known->dtype);
    require(entry["shape"].is_array(), fmt::format("'{}': shape must be a list", name));
    for (const Json& dimension : entry["shape"]) {
      require(dimension.is_number_unsigned(), fmt::format("'{}': shape must hold whole numbers", name));
      const auto size = dimension.get<std::uint64_t>();
      require(size <= INT64_MAX && !__builtin_mul_overflow(bytes, size, &bytes),
              fmt::format("'{}': the shape is too large", name));
      span.array.shape.push_back(static_cast<std::int64_t>(size));
    }
    const Json& offsets = entry["data_offsets"];
    require(
        offsets.is_array() && offsets.size() == 2 && offsets[0].is_number_unsigned() && offsets[1].is_number_unsigned(),
        fmt::format("'{}': data_offsets must be two whole numbers", name));
    span.begin = offsets[0].get<std::uint64_t>();
    span.end = offsets[1].get<std::uint64_t>();
    require(span.begin <= span.end && span.end <= size_ - data_begin_,
            fmt::format("'{}': data_offsets reach beyond the file", name));
    require(span.end - span.begin == bytes,
            fmt::format("'{}': {} bytes for a shape of {} bytes", name, span.end - span.begin, bytes));
    return span;
  }

  fs::path path_;
  std::ifstream file_;
  std::uint64_t size_ = 0, data_begin_ = 0;
};

}  // namespace

Safetensors read_safetensors(const fs::path& path) {
  return Reader(path).read();
}

void write_safetensors(const fs::path& path, const Safetensors& content) {
  Json header = Json::object();
  if (!content.metadata.empty()) {
    header["__metadata__"] = content.metadata;
  }
  std::uint64_t at = 0;
  for (const auto& [name, array] : content.tensors) {
    STG_CHECK(name != "__metadata__", "[write_safetensors] the name '{}' is taken by the format", name);
    STG_CHECK(static_cast<std::uint64_t>(array.numel()) * size_of(array.dtype) == array.bytes.size(),
              "[write_safetensors] '{}': {} bytes do not fill the shape", name, array.bytes.size());
    header[name] = {
        {"dtype", format_name(array.dtype)}, {"shape", array.shape}, {"data_offsets", {at, at + array.bytes.size()}}};
    at += array.bytes.size();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::type_error&) {
    throw CheckpointError("{}: tensor names and metadata must be UTF-8 text", path.string());
  }
  text.append((8 - text.size() % 8) % 8, ' ');  // data aligned to 8 bytes
  const std::uint64_t length = text.size();
  std::vector<std::byte> bytes(8 + text.size() + at);
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, text.data(), text.size());
  std::size_t position = 8 + text.size();
  for (const auto& [name, array] : content.tensors) {
    if (!array.bytes.empty()) {
      std::memcpy(bytes.data() + position, array.bytes.data(), array.bytes.size());
    }
    position += array.bytes.size();
  }
  util::write_file(path, bytes);
}

}  // namespace stgmamba::io
